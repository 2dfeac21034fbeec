"""The API of recognitions: submit a number as pictures or strokes, and the tutorial's call."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from phonereader import problems
from phonereader.jobs import held, waiting
from phonereader.jobs.api import caller_of, find, owner
from phonereader.jobs.callbacks.api import callback_of
from phonereader.jobs.documents import AcceptedJobSerializer
from phonereader.jobs.models import Job
from phonereader.jobs.states import State
from phonereader.problems import Problem
from recognition import requests
from recognition.documents import CorrectionSerializer, SubmissionSerializer
from recognition.doubts import correct, locked
from recognition.models import Submission
from recognition.submissions import KeyReused, Overloaded, Sender, forget, submit

PREFER_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?([^\s,;\"]+)")


KEY = OpenApiParameter("X-Job-Key", str, OpenApiParameter.HEADER, description="The key of the answer")


class LenientJSONParser(JSONParser):
    """Lets NaN and infinity through, so that the box they stand in can be named."""

    strict = False

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None


class MaySubmit(BasePermission):
    """Anyone, unless the setting demands a token."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return not settings.SUBMIT_NEEDS_TOKEN or request.user.is_authenticated


class RecognitionsView(APIView):
    """Where numbers are submitted."""

    permission_classes = [MaySubmit]
    parser_classes = [MultiPartParser, LenientJSONParser]

    @extend_schema(
        operation_id="submit",
        summary="Submit a number",
        description=(
            "Pictures as multipart fields `1.png` ... `N.png` (or a repeated field `image`), or JSON with "
            "strokes and base64 images. The answer is a job that will end whatever happens; follow its link."
        ),
        parameters=[
            OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description="wait=10"),
            OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER),
        ],
        request={
            "application/json": SubmissionSerializer,
            "multipart/form-data": {
                "type": "object",
                "properties": {
                    "1.png": {"type": "string", "format": "binary"},
                    "callback_url": {"type": "string"},
                },
                "additionalProperties": {"type": "string", "format": "binary"},
            },
        },
        responses={
            202: AcceptedJobSerializer,
            200: AcceptedJobSerializer,
            **{
                code: OpenApiResponse(OpenApiTypes.OBJECT, "problem+json")
                for code in (400, 403, 413, 415, 422, 503)
            },
        },
    )
    def post(self, request: Request) -> Response:
        wait = check_prefer(request.headers.get("Prefer"))
        source = Submission.Source.PAGE if is_page(request) else Submission.Source.API
        job = take(request, source)
        if not job.ended:
            held.hold(request, job.id, wait, lambda: accepted(find(job.id)))
        return accepted(job)


class RecognitionView(APIView):
    """One submission: deleted for good by whoever sent it."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="forget",
        summary="Delete a drawing and its reading",
        description="Cancels the job if need be. Afterwards the job and the recognition answer 410.",
        parameters=[KEY],
        responses={204: None},
    )
    def delete(self, request: Request, job_id: UUID) -> Response:
        job = find(job_id)
        forget(job, owner(request, job))
        return Response(status=204)


class CorrectionView(APIView):
    """What the submitter says that the boxes say."""

    permission_classes = [AllowAny]
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="correct",
        summary="Correct a reading",
        parameters=[KEY],
        request=CorrectionSerializer,
        responses={201: CorrectionSerializer},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        job = find(job_id)
        by = owner(request, job)
        with transaction.atomic():
            submission = locked(job.id)
            if submission is None:
                raise Problem(410, "This was deleted.")
            digits = requests.digits_of(request.data, submission.boxes.count())
            correct(submission, digits, by)
        return Response({"digits": digits}, 201)


class TutorialView(APIView):
    """The tutorial's call: pictures in, digits out as text. It knows no sessions."""

    permission_classes = [MaySubmit]
    authentication_classes = [TokenAuthentication]
    parser_classes = [MultiPartParser]

    @extend_schema(exclude=True)
    def post(self, request: Request) -> HttpResponseBase:
        job = take(request, Submission.Source.TUTORIAL)
        held.hold(request, job.id, waiting.LONGEST, lambda: in_text(find(job.id)))
        return HttpResponse(status=202)


def any_origin(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let pages from elsewhere call the view (CORS)."""

    @csrf_exempt
    @wraps(view)
    def open_view(request: HttpRequest) -> HttpResponseBase:
        if request.method == "OPTIONS":  # the browser asks first, without the page's token
            response: HttpResponseBase = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = "POST, OPTIONS"
            response["Access-Control-Allow-Headers"] = "*"
        else:
            response = view(request)
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return open_view


def is_page(request: Request) -> bool:
    return "X-CSRFToken" in request.headers


def take(request: Request, source: Submission.Source) -> Job:
    """Check a request and store it as a job; raises ``Problem``."""
    fields: Any = request.data  # parses: a body that is no JSON, or no form, is refused here
    if request.content_type.partition(";")[0].strip().lower() == "application/json":
        boxes = requests.boxes_of_json(fields)
    else:
        boxes = requests.boxes_of_form(request.FILES)
    key = request.headers.get("Idempotency-Key") or None
    if key is not None and (len(key) > 255 or "\x00" in key):
        raise requests.field_problem("Idempotency-Key", "An idempotency key has at most 255 characters.")
    sender = Sender(
        caller=caller_of(request),
        source=source,
        user=request.user if request.user.is_authenticated else None,
        idempotency_key=key,
        priority=requests.priority_of(fields),
        callback_url=callback_of(request, fields),
    )
    try:
        return submit(boxes, requests.region_of(fields), requests.contribute_of(fields), sender)
    except KeyReused:
        raise Problem(422, "This idempotency key was used before, for a request with another body.") from None
    except Overloaded:
        raise Problem(503, "Too many numbers wait to be read.", headers={"Retry-After": "10"}) from None


def accepted(job: Job) -> Response:
    document = AcceptedJobSerializer(job).data
    headers = {"Location": document["links"]["self"]}
    if job.ended:
        return Response(document, 200, headers=headers)
    return Response(document, 202, headers={**headers, "Retry-After": "1"})


def wait_preferred(header: str | None) -> str | None:
    match = PREFER_WAIT.search(header or "")
    return match[1] if match else None


def check_prefer(header: str | None) -> float:
    try:
        return waiting.seconds(wait_preferred(header))
    except ValueError:
        raise requests.field_problem("Prefer", "wait must be a number of seconds.") from None


def in_text(job: Job) -> HttpResponse:
    if job.state == State.SUCCEEDED and job.result is not None:
        return HttpResponse(best_guess(job.result), content_type="text/plain")
    if job.ended:
        return problems.respond(500, (job.error or {}).get("detail", "The number was not read."))
    refusal = problems.respond(503, "The number is stored but was not read within 30 s.")
    refusal["Retry-After"] = "10"
    return refusal


def best_guess(result: dict[str, Any]) -> str:
    """A digit for every inked box, however doubtful, and ``?`` for a blank one."""
    digits = ""
    for box in result["boxes"]:
        guesses = [box["digit"]] if box["digit"] else [other["digit"] for other in box["alternatives"]]
        digits += guesses[0] if guesses else "?"
    return digits
