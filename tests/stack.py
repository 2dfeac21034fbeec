"""Starts and drives the whole program for tests: real processes on a real database and broker."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import psutil

ROOT = Path(__file__).parent.parent
INHERITED = ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "SECRET_KEY", "PORT", "PHONEREADER_DATA_DIR", "DEBUG")
PATIENCE = 90.0
"""Seconds before a wait counts as in vain; nothing is measured by it."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(true: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Poll until ``true()`` is true, and return its value; fails with ``what`` when it never is."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = true()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"in vain waited for: {what}")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Stack:
    """The program as `manage.py run` starts it, in a data directory and on a port of its own."""

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    command: ClassVar[tuple[str, ...]] = (sys.executable, "manage.py", "run")

    def __post_init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.data_dir / "run.log"
        own = {name: value for name, value in os.environ.items() if name not in INHERITED}
        own |= {"PORT": str(self.port), "PHONEREADER_DATA_DIR": str(self.data_dir / "var")}
        # A short lease: what is tested is that it runs out, not how long that takes.
        self.env = own | {"JOB_LEASE_SECONDS": "3"} | self.environment

    def __enter__(self) -> "Stack":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self.wait_ready()
        except BaseException:
            self.__exit__()
            print(self.log.read_text()[-5000:])
            raise
        return self

    def __exit__(self, *_error: Any) -> None:
        everything = self.processes()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for left in everything:
            if left.is_running() and left.status() != psutil.STATUS_ZOMBIE:
                left.kill()

    def wait_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, f"it ended at its start: {self.log.read_text()[-3000:]}"
            return self.get("/readyz").status == 200

        wait_until(ready, "a ready stack")

    # --- Processes -----------------------------------------------------------------------------

    def processes(self) -> list[psutil.Process]:
        """The supervisor and all its descendants."""
        try:
            supervisor = psutil.Process(self.process.pid)
            return [supervisor, *supervisor.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def find(self, *words: str) -> list[psutil.Process]:
        """The processes whose command line holds all ``words``."""
        found = []
        for process in self.processes():
            try:
                line = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if all(word in line for word in words):
                found.append(process)
        return found

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True
        ).stdout

    # --- Requests ------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 60,
    ) -> Answer:
        """Status 0 when the connection fails."""
        request = urllib.request.Request(self.url + path, body, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())
        except (OSError, urllib.error.URLError):
            return Answer(0, {}, b"")

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def submit(self, boxes: list[dict[str, Any]], wait: int = 0, **fields: Any) -> Answer:
        headers = {"Content-Type": "application/json"} | ({"Prefer": f"wait={wait}"} if wait else {})
        body = json.dumps({"boxes": boxes, **fields}).encode()
        return self.request("POST", "/api/v1/recognitions/", body, headers)

    def upload(self, path: str, pictures: dict[str, bytes], **headers: str) -> Answer:
        """A multipart form, as a browser or curl sends it."""
        boundary = uuid.uuid4().hex
        parts = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n".encode()
            + data
            + b"\r\n"
            for name, data in pictures.items()
        )
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self.request("POST", path, parts + f"--{boundary}--\r\n".encode(), kind | headers)

    def job(self, job_id: str, wait: int = 0) -> Any:
        return self.get(f"/api/v1/jobs/{job_id}/" + (f"?wait={wait}" if wait else "")).json

    def ended(self, job_id: str) -> Any:
        """The job once it is in a terminal state."""

        def terminal() -> Any:
            answer = self.get(f"/api/v1/jobs/{job_id}/?wait=5")
            job = answer.json if answer.status == 200 else {"state": ""}
            return job if job["state"] in ("succeeded", "failed", "cancelled") else None

        return wait_until(terminal, f"the end of job {job_id}")


@dataclass(frozen=True)
class Backend:
    """A pair of database and broker; services are found by variables of the environment."""

    name: str
    database: str | None = None
    redis: str | None = None
    broker: str | None = None

    def missing(self) -> list[str]:
        names = (self.database, self.redis, self.broker)
        return [name for name in names if name and not os.environ.get(name)]

    @contextmanager
    def prepared(self) -> Iterator[dict[str, str]]:
        """The environment of a stack on this backend, with a fresh database."""
        environment = {}
        if self.redis:
            environment["REDIS_URL"] = os.environ[self.redis]
        if self.broker:
            environment["BROKER_URL"] = os.environ[self.broker]
            purge(os.environ[self.broker])
        elif self.redis:
            purge(os.environ[self.redis])
        if not self.database:
            yield environment
            return
        with fresh_database(os.environ[self.database]) as url:
            yield environment | {"DATABASE_URL": url}


BACKENDS = [
    Backend("sqlite-embedded"),
    Backend("postgres-redis", database="TEST_DATABASE_URL", redis="TEST_REDIS_URL"),
    Backend("postgres-rabbitmq", database="TEST_DATABASE_URL", broker="TEST_AMQP_URL"),
]


@contextmanager
def fresh_database(url: str) -> Iterator[str]:
    """A PostgreSQL database made beside the one in ``url``, and dropped afterwards."""
    import psycopg

    name = f"phonereader_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        yield url.rpartition("/")[0] + "/" + name
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def purge(broker_url: str) -> None:
    """Empty this program's queues, which an earlier run may have left."""
    from kombu import Connection

    with Connection(broker_url) as broker:
        for queue in ("recognition", "training", "transfers", "upkeep"):
            channel = broker.channel()  # a queue that does not exist closes its channel
            with suppress(Exception):
                channel.queue_purge(queue)
