"""The ASGI application: Django, and around it what Django does not do.

Bodies over the limit are refused before they cost memory or disk; who waits for a job waits outside of
Django; and when the server is told to stop, every wait ends at once.
"""

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from types import FrameType

from django.core.asgi import get_asgi_application

from phonereader.asgi_types import App, Message, Receive, Scope, Send

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phonereader.settings")


class LimitBody:
    """Answers 413 to a body of more than ``limit`` bytes, announced or not.

    ``larger`` holds limits of paths by themselves, for who has a session there.

    The rest of the body is read and thrown away (up to ``patience`` bytes), because many clients read no
    answer before they have sent everything.
    """

    def __init__(
        self,
        app: App,
        limit: int,
        larger: Mapping[str, int] | None = None,
        patience: int = 64 * 1024 * 1024,
    ) -> None:
        self.app, self.limit, self.larger, self.patience = app, limit, larger or {}, patience

    def _limit(self, scope: Scope) -> int:
        cookies = dict(scope["headers"]).get(b"cookie", b"")
        return self.larger.get(scope["path"], self.limit) if b"sessionid=" in cookies else self.limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        limit = self._limit(scope)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > limit:
            return await self._refuse(0, limit, receive, send)
        if announced != b"0":  # a server keeps the body to the announced length
            return await self.app(scope, receive, send)

        received: list[Message] = []
        size = 0
        while True:  # no length announced: chunked, or no body at all
            message = await receive()
            received.append(message)
            size += len(message.get("body", b""))
            if size > limit:
                return await self._refuse(size, limit, receive, send)
            if not message.get("more_body"):
                break
        received.reverse()

        async def replay() -> Message:
            return received.pop() if received else await receive()

        return await self.app(scope, replay, send)

    async def _refuse(self, size: int, limit: int, receive: Receive, send: Send) -> None:
        while size <= self.patience:
            message = await receive()
            size += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        detail = f"The body is larger than {limit // 2**20} MB."
        problem = {"type": "about:blank", "title": "Content Too Large", "status": 413, "detail": detail}
        body = json.dumps({**problem, "errors": []}).encode()
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Lifespan:
    """Calls ``stop`` in the event loop as soon as the process is told to end.

    The lifespan's own shutdown comes too late for that: a server sends it when all answers are given.
    """

    def __init__(self, app: App, stop: Callable[[], None]) -> None:
        self.app, self.stop = app, stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            return await self.app(scope, receive, send)
        while True:
            event = (await receive())["type"].removeprefix("lifespan.")
            if event == "startup" and threading.current_thread() is threading.main_thread():
                for signum in (signal.SIGTERM, signal.SIGINT):
                    self._listen(signum, asyncio.get_running_loop())
            if event == "shutdown":
                self.stop()
            await send({"type": f"lifespan.{event}.complete"})
            if event == "shutdown":
                return None

    def _listen(self, signum: int, loop: asyncio.AbstractEventLoop) -> None:
        servers = signal.getsignal(signum)

        def handle(signum: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.stop)
            if callable(servers):
                servers(signum, frame)

        signal.signal(signum, handle)


def _application() -> App:
    django = get_asgi_application()
    from django.conf import settings
    from django.urls import reverse

    from phonereader import logs
    from phonereader.jobs import held, waiting

    larger = {reverse("admin:transfer_import"): settings.IMPORT_LIMIT}
    limited = LimitBody(held.GoOn(django), settings.BODY_LIMIT, larger)
    return Lifespan(logs.RequestId(limited), waiting.close)


application = _application()
