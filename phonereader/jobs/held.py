"""Answers that are held back until a job has ended, for as many requests as like to wait.

While Django works on a request, the request has a thread of its own and, once it has asked the database,
a connection. So a view never waits: it answers with the present state and leaves in the request's scope
how to go on. Django lets go of the request, and ``GoOn``, around Django, goes on from the event loop.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from phonereader.asgi_types import App, Message, Receive, Scope, Send
from phonereader.jobs import waiting
from phonereader.problems import exception_handler

log = logging.getLogger(__name__)

Rest = Callable[[list[Message], Send], Coroutine[Any, Any, None]]
"""What is left to do: gets the messages of the answer that Django gave, of which none was sent yet."""

KEY = "phonereader.rest"


def go_on(request: Request | HttpRequest, rest: Rest) -> None:
    """Have ``rest`` finish the answer to a GET or POST, once Django has let go of the request."""
    scope = getattr(request, "scope", None)
    if scope is not None and request.method in ("GET", "POST"):
        scope[KEY] = rest


def hold(
    request: Request | HttpRequest, job_id: UUID, timeout: float, answer: Callable[[], HttpResponse]
) -> None:
    """Hold the answer back until the job ends, or for ``timeout`` seconds; then it is ``answer()``."""

    async def rest(held: list[Message], send: Send) -> None:
        await waiting.ended(job_id, timeout)
        try:
            held = await waiting.watcher().in_thread(renewed, held, answer)
        except Exception:  # a database that is away, say: what Django answered still is an answer
            log.exception("job %s: its present state is not to be had", job_id)
        for message in held:
            await send(message)

    if timeout:
        go_on(request, rest)


def renewed(held: list[Message], answer: Callable[[], HttpResponse]) -> list[Message]:
    """The messages of ``answer()``, with those headers of the held answer that it does not set itself."""
    response = rendered(answer)
    fresh = {name.lower().encode(): value.encode("latin-1") for name, value in response.items()}
    fresh[b"content-length"] = b"%d" % len(response.content)
    kept = [
        (name, value)
        for name, value in held[0]["headers"]
        if name.lower() not in fresh and name.lower() != b"retry-after"
    ]
    start = {**held[0], "status": response.status_code, "headers": [*kept, *fresh.items()]}
    return [start, {"type": "http.response.body", "body": response.content}]


def rendered(answer: Callable[[], HttpResponse]) -> HttpResponse:
    """What REST framework makes of a view's answer or refusal."""
    try:
        response = answer()
    except (APIException, Http404) as error:
        problem = exception_handler(error, {})
        assert problem is not None
        response = problem
    if isinstance(response, Response):
        json = {"accepted_renderer": JSONRenderer(), "accepted_media_type": JSONRenderer.media_type}
        vars(response).update(json, renderer_context={})
        response.render()
    return response


class GoOn:
    """The middleware around Django that does what views left to do."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def hold_back(message: Message) -> None:
            if KEY in scope:
                held.append(message)
            else:
                await send(message)

        await self.app(scope, receive, hold_back)
        if not held:  # sent already, or the client left
            return
        if held[0]["status"] < 300:
            await unless_gone(receive, scope[KEY](held, send))
        else:
            for message in held:
                await send(message)


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Do the work as long as the client is there."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    tasks = [asyncio.create_task(work), asyncio.create_task(gone())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await tasks[0]
