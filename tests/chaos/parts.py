"""The program's processes: each part alone, started again by the story when it was killed."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.stack import INHERITED, ROOT, free_port, wait_until


@dataclass
class Part:
    """One part of the program, as a container would run it: when it dies, all of it dies."""

    name: str
    environment: dict[str, str]
    log: Path

    def __post_init__(self) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def kind(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "manage.py", "run", "--part", self.kind]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment | {"PORT": str(self.port)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def everything(self) -> list[psutil.Process]:
        """The part's process, then its descendants."""
        if self.process is None:
            return []
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        return []

    def kill(self) -> None:
        self._tell_all(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def freeze(self) -> None:
        self._tell_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._tell_all(signal.SIGCONT)

    def stop(self, patience: float = 30) -> None:
        """End in order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()

    def revive(self) -> None:
        """Start again what has ended."""
        if self.process is None or self.process.poll() is not None:
            self._tell_all(signal.SIGKILL)
            self.start()

    def _tell_all(self, signum: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signum)


def environment(folder: Path, **own: str) -> dict[str, str]:
    """What all parts of a story share."""
    inherited = {name: value for name, value in os.environ.items() if name not in INHERITED}
    return inherited | {
        "PHONEREADER_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "tests.trouble.settings",
        "OMP_NUM_THREADS": "1",
        "RECOGNITION_PROCESSES": "1",
        **own,
    }


def manage(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout


def wait_for_web(parts: list[Part]) -> None:
    from tests.chaos.clients import get

    for part in parts:
        if part.kind == "web":
            wait_until(lambda part=part: get(part.url + "/healthz") is not None, f"{part.name} that answers")
