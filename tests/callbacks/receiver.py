"""A real receiver of callbacks, on a port of its own: answers as told, and keeps what came."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

CERTIFICATE = Path(__file__).parent / "localhost.pem"
"""Of "localhost", signed by itself, with its key; good for nothing else."""

Scripted = tuple[int, dict[str, str]]


@dataclass
class Call:
    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """What it says, if it is signed with the secret; raises otherwise."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    url: str
    calls: list[Call] = field(default_factory=list)
    script: list[Scripted] = field(default_factory=list)
    """Answers, in order; the last one for ever."""

    def answers(self, *script: int | Scripted) -> None:
        self.script = [(each, {}) if isinstance(each, int) else each for each in script]

    def next_answer(self) -> Scripted:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@contextmanager
def receiver(tls: bool = False, port: int = 0) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.calls.append(Call(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, headers = known.next_answer()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"thanks")

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    host = "localhost" if tls else "127.0.0.1"
    known = Receiver(f"http{'s' if tls else ''}://{host}:{server.server_port}/hook?for=me")
    known.answers(200)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def raw_server(start: bytes, rest: bytes = b"") -> Iterator[str]:
    """A server that sends ``start`` and then, over and over, ``rest``, as long as anybody listens."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                try:
                    client.sendall(start)
                    while not over.wait(0.01):
                        client.sendall(rest)
                except OSError:
                    pass

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        over.set()
        listener.close()
