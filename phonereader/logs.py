"""Log records that say which job, worker and request they belong to: as lines of text, or of JSON."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from pythonjsonlogger.json import JsonFormatter

from phonereader.asgi_types import App, Message, Receive, Scope, Send

NAMES = ("job", "worker", "request_id")
NOT_TOLD = ("message", "asctime", "taskName", "request", "color_message")
"""Of what libraries add to their records: said already, or no text."""
GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
"""Request ids of a proxy that are taken over; anything else could forge lines of the log."""

_context: ContextVar[dict[str, str]] = ContextVar("log_context")


@contextmanager
def about(**names: str) -> Iterator[None]:
    """Have all records of the block carry these names. Threads that it starts need a copy of its context."""
    token = _context.set({**_context.get({}), **names})
    try:
        yield
    finally:
        _context.reset(token)


class Context(logging.Filter):
    """Gives each record the names of its context; what the record says itself (``extra``) goes first."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _context.get({}).items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class Text(logging.Formatter):
    """A line for people; names that it does not hold anyway stand at its end."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        values = {name: getattr(record, name, None) for name in NAMES}
        said = " ".join(f"{name}={value}" for name, value in values.items() if value and value not in line)
        return f"{line} [{said}]" if said else line


class Json(JsonFormatter):
    """A JSON object a line: time, level, logger, message, the names, whatever else a record carries."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",
            reserved_attrs=[*logging.makeLogRecord({}).__dict__, *NOT_TOLD],
            **options,
        )


class RequestId:
    """Names each request in the log and in the answer (``X-Request-ID``); a name that a proxy gave stays."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        name = given if GIVEN_ID.fullmatch(given) else uuid4().hex.encode()

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-request-id", name)]}
            await send(message)

        with about(request_id=name.decode()):
            return await self.app(scope, receive, send_named)
