"""The API of jobs: follow one by its id, wait for its end, cancel it, try it again."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from phonereader.jobs import held, lifecycle, waiting
from phonereader.jobs.documents import JobSerializer
from phonereader.jobs.models import Job
from phonereader.problems import Problem


class JobView(APIView):
    """One job, for anyone who knows its id."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="job",
        summary="Follow a job",
        parameters=[
            OpenApiParameter("wait", float, description="Hold the answer until the job ends, at most 30 s.")
        ],
        responses=JobSerializer,
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        wait = check_wait(request.query_params.get("wait"))
        job = find(job_id)
        if not job.ended:
            held.hold(request, job_id, wait, lambda: Response(JobSerializer(find(job_id)).data))
        return Response(JobSerializer(job).data)


class CancelView(APIView):
    """Ends a job that is no longer wanted."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="cancel_job",
        summary="Cancel a job",
        description="At once while it waits, soon while it runs; a job that has ended stays as it is.",
        parameters=[OpenApiParameter("X-Job-Key", str, OpenApiParameter.HEADER)],
        request=None,
        responses=JobSerializer,
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        job = find(job_id)
        who = owner(request, job)
        return Response(JobSerializer(lifecycle.cancel(job, who)).data)


class RetryView(APIView):
    """Sends a failed job back to the queue; for staff."""

    @extend_schema(
        operation_id="retry_job",
        summary="Try a failed job again",
        description="For staff. Its attempts are counted anew.",
        request=None,
        responses={200: JobSerializer, 409: OpenApiResponse(OpenApiTypes.OBJECT, "it has not failed")},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        job = find(job_id)
        if not lifecycle.retry(job, str(request.user)):
            raise Problem(409, "Only a job that has failed can be tried again.")
        return Response(JobSerializer(find(job_id)).data)


def find(job_id: UUID) -> Job:
    """The job; a 404 when there never was one, a 410 when it has been deleted."""
    job = get_object_or_404(Job, id=job_id)
    if job.forgotten_at is not None:
        raise Problem(410, "This was deleted.")
    return job


def caller_of(request: Request | HttpRequest) -> str:
    """Who calls: the user (by token or session), else the browser session, else the address."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    session = getattr(request, "session", None)
    if session is not None and session.session_key:
        return f"session:{session.session_key}"
    return f"address:{request.META.get('REMOTE_ADDR') or 'unknown'}"


def owner(request: Request, job: Job) -> str:
    """Who may change the job: the holder of its key, who submitted it, or staff; else a 403."""
    if job.opens_with(request.headers.get("X-Job-Key", "")):
        return "holder of the key"
    if request.user.is_staff:
        return str(request.user)
    caller = caller_of(request)
    if caller == job.caller and not caller.startswith("address:"):
        return caller
    raise Problem(403, "This needs the job's key (X-Job-Key), whoever submitted it, or staff.")


def check_wait(text: str | None) -> float:
    try:
        return waiting.seconds(text)
    except ValueError:
        detail = "wait must be a number of seconds."
        raise Problem(400, detail, [{"field": "wait", "detail": detail}]) from None
