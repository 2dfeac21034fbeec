"""The ASGI application. Bodies over the limit are refused here, before they cost memory or disk."""

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phonereader.settings")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class LimitBody:
    """Answers 413 to a body of more than ``limit`` bytes, announced or not.

    The rest of the body is read and thrown away (up to ``patience`` bytes), because many clients read no
    answer before they have sent everything.
    """

    def __init__(self, app: App, limit: int, patience: int = 64 * 1024 * 1024) -> None:
        self.app, self.limit, self.patience = app, limit, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self.limit:
            return await self._refuse(0, receive, send)
        if announced != b"0":  # a server keeps the body to the announced length
            return await self.app(scope, receive, send)

        received: list[dict[str, Any]] = []
        size = 0
        while True:  # no length announced: chunked, or no body at all
            message = await receive()
            received.append(message)
            size += len(message.get("body", b""))
            if size > self.limit:
                return await self._refuse(size, receive, send)
            if not message.get("more_body"):
                break
        received.reverse()

        async def replay() -> dict[str, Any]:
            return received.pop() if received else await receive()

        return await self.app(scope, replay, send)

    async def _refuse(self, size: int, receive: Receive, send: Send) -> None:
        while size <= self.patience:
            message = await receive()
            size += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        detail = f"The body is larger than {self.limit // 2**20} MB."
        problem = {"type": "about:blank", "title": "Content Too Large", "status": 413, "detail": detail}
        body = json.dumps({**problem, "errors": []}).encode()
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _application() -> App:
    django = get_asgi_application()
    from django.conf import settings

    return LimitBody(django, settings.BODY_LIMIT)


application = _application()
