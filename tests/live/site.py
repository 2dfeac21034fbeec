"""The site in this process: uvicorn in a thread on the test's database, spoken to over a real socket."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import uvicorn

from tests.stack import wait_until


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Waiting:
    """A request that was sent and whose answer is still to come."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection

    def answer(self) -> Reply:
        with self.connection.getresponse() as response:
            return Reply(response.status, response.headers, response.read())

    def leave(self) -> None:
        self.connection.close()


class Site:
    def __init__(self, port: int) -> None:
        self.port = port

    def send(self, method: str, path: str, data: Any = None, **headers: str) -> Waiting:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = None if data is None else json.dumps(data)
        connection.request(method, path, body, named | ({"Content-Type": "application/json"} if body else {}))
        return Waiting(connection)

    def get(self, path: str, **headers: str) -> Reply:
        return self.send("GET", path, **headers).answer()

    def post(self, path: str, data: Any = None, **headers: str) -> Reply:
        return self.send("POST", path, data, **headers).answer()


def job_path(job_id: UUID | str) -> str:
    return f"/api/v1/jobs/{job_id}/"


@contextmanager
def serve() -> Iterator[Site]:
    from phonereader.asgi import application

    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    config = uvicorn.Config(
        application, loop="uvloop", http="httptools", lifespan="on", log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="site")
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive(), "a site that listens")
        yield Site(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "the site does not end"
