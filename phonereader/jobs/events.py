"""A job as a stream of server-sent events: the whole job at each change, until it has ended.

Each event holds everything, so a client that comes back has missed nothing.
"""

import logging
from collections.abc import Iterator
from functools import partial
from operator import ne
from uuid import UUID

from django.db import DatabaseError
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from phonereader import problems
from phonereader.asgi_types import Message, Send
from phonereader.jobs import held, waiting
from phonereader.jobs.api import find
from phonereader.jobs.documents import JobSerializer
from phonereader.jobs.models import Job
from phonereader.jobs.waiting import Glimpse
from phonereader.problems import Problem

log = logging.getLogger(__name__)

CONTENT_TYPE = "text/event-stream"
ALIVE_SECONDS = 15.0
"""A comment is sent after so long a silence, so that nobody between takes the stream for dead."""
COME_BACK = 1000
"""Milliseconds after which a client whose stream broke comes back."""


class StreamRenderer(JSONRenderer):
    """Stands for what the view answers. It renders refusals alone, which are JSON all the same."""

    media_type = CONTENT_TYPE
    format = "events"


class EventsView(APIView):
    """One job as it changes, for anyone who knows its id."""

    permission_classes = [AllowAny]
    renderer_classes = [StreamRenderer]

    @extend_schema(
        operation_id="job_events",
        summary="Follow a job by server-sent events",
        description="`event: job` with the job at each change. The stream ends when the job has ended; who "
        "comes back with that event's id gets 204, which tells an EventSource to stop.",
        parameters=[OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER)],
        responses={
            (200, CONTENT_TYPE): OpenApiTypes.STR,
            204: OpenApiResponse(description="nothing will happen any more"),
            (406, problems.CONTENT_TYPE): OpenApiResponse(OpenApiTypes.OBJECT, "no event stream is accepted"),
        },
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        job = find(job_id)
        if job.ended and request.headers.get("Last-Event-ID") == identity(job):
            return HttpResponse(status=204)
        start = f"retry: {COME_BACK}\n\n{event(job)}"

        async def rest(messages: list[Message], send: Send) -> None:
            await send({**messages[0], "headers": list(streamed(messages[0]["headers"]))})
            await send(part(start))
            await follow(job, send)
            await send({"type": "http.response.body"})

        held.go_on(request, rest)
        # Where there is no event loop, what there is to say now is the answer.
        unbuffered = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return HttpResponse(start, content_type=CONTENT_TYPE, headers=unbuffered)


async def follow(job: Job, send: Send) -> None:
    """Send the job at each change, until it has ended, was deleted, or the site is about to stop."""
    watcher = waiting.watcher()
    known = glimpse(job)
    while not known.ended:
        try:
            await watcher.until(job.id, partial(ne, known), ALIVE_SECONDS)
            job, text = await watcher.in_thread(present, job.id)
        except TimeoutError:
            await send(part(": still there\n\n"))
        except DatabaseError as error:  # the watcher's pause between two attempts is enough
            log.warning("job %s: its present state is not to be had: %s", job.id, error)
        except (waiting.Closing, Problem, Http404):
            return
        else:
            if glimpse(job) != known:
                await send(part(text))
            known = glimpse(job)


def present(job_id: UUID) -> tuple[Job, str]:
    """The job as it is now, with its event."""
    job = find(job_id)
    return job, event(job)


def glimpse(job: Job) -> Glimpse:
    return Glimpse(job.state, job.revision, job.progress)


def identity(job: Job) -> str:
    """The id of an event: the same as long as the job's state is."""
    return str(job.revision)


def event(job: Job) -> str:
    data = JSONRenderer().render(JobSerializer(job).data).decode()
    return f"id: {identity(job)}\nevent: job\ndata: {data}\n\n"


def part(text: str) -> Message:
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}


def streamed(headers: list[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """The headers of an answer whose length is not known."""
    yield from (header for header in headers if header[0].lower() != b"content-length")
