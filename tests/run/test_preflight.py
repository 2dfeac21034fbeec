"""``manage.py run`` says in one line what is wrong, and starts nothing then."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from tests.stack import INHERITED, ROOT, free_port

pytestmark = pytest.mark.stack


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name not in INHERITED}
    return own | {"PHONEREADER_DATA_DIR": str(tmp_path / "data"), "PORT": str(free_port())}


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses: it is bound, so that nobody takes it, and nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        yield silent.getsockname()[1]


def refusal(environment: dict[str, str], *command: str) -> str:
    """The one line that it ends with."""
    done = subprocess.run(
        [sys.executable, "manage.py", *(command or ["run"])],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode != 0
    assert done.stdout == "", "nothing is announced, no password is made"
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_the_data_directory_cannot_be_made(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environment["PHONEREADER_DATA_DIR"] = str(tmp_path / "file" / "data")
    assert "file/data cannot be made" in refusal(environment)
    assert "file/data cannot be made" in refusal(environment, "check")


def test_the_data_directory_is_not_needed_for_settings_but_for_the_lock(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    environment |= {
        "PHONEREADER_DATA_DIR": str(tmp_path / "file"),
        "SECRET_KEY": "x" * 50,
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
    }
    assert "data directory" in refusal(environment)


def test_a_setting_that_makes_no_sense(environment: dict[str, str]) -> None:
    assert "PORT must be a whole number" in refusal(environment | {"PORT": "eighty"})


def test_an_address_that_is_none(environment: dict[str, str]) -> None:
    assert "PORT must be at most 65535" in refusal(environment | {"PORT": "70000"})
    assert "Cannot listen on no.such.host.invalid" in refusal(environment | {"HOST": "no.such.host.invalid"})


def test_the_port_is_taken(environment: dict[str, str], silent_port: int) -> None:
    line = refusal(environment | {"PORT": str(silent_port)})
    assert f"port {silent_port}" in line
    assert "set PORT" in line


def test_another_instance_runs_on_the_data_directory(environment: dict[str, str], tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    hold = (
        "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(data / "run.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == b"held\n"
        assert "already runs on the data directory" in refusal(environment)
        holder.communicate(b"\n")


@pytest.mark.parametrize("path", ["/dev/null/db.sqlite3", "/"])
def test_the_sqlite_file_cannot_be_used(environment: dict[str, str], path: str) -> None:
    assert "DATABASE_URL" in refusal(environment | {"DATABASE_URL": f"sqlite:///{path}"})


def test_postgres_refuses(environment: dict[str, str], closed_port: int) -> None:
    environment["DATABASE_URL"] = f"postgres://someone:sesame@127.0.0.1:{closed_port}/numbers"
    line = refusal(environment)
    assert f"The database numbers on 127.0.0.1:{closed_port} cannot be used" in line
    assert "sesame" not in line


def test_postgres_is_silent(environment: dict[str, str], silent_port: int) -> None:
    environment["DATABASE_URL"] = f"postgres://someone:sesame@127.0.0.1:{silent_port}/numbers"
    assert "timeout" in refusal(environment)


def test_redis_refuses(environment: dict[str, str], closed_port: int) -> None:
    line = refusal(environment | {"REDIS_URL": f"redis://:sesame@127.0.0.1:{closed_port}/0"})
    assert "REDIS_URL" in line
    assert str(closed_port) in line
    assert "sesame" not in line


def test_redis_is_silent(environment: dict[str, str], silent_port: int) -> None:
    assert "REDIS_URL" in refusal(environment | {"REDIS_URL": f"redis://127.0.0.1:{silent_port}/0"})


def test_a_redis_socket_that_is_not_there(environment: dict[str, str], tmp_path: Path) -> None:
    assert "no.sock" in refusal(environment | {"REDIS_URL": f"unix://{tmp_path}/no.sock"})


@pytest.mark.parametrize("kind", ["closed_port", "silent_port"])
def test_rabbitmq_cannot_be_reached(
    environment: dict[str, str], kind: str, request: pytest.FixtureRequest
) -> None:
    port = request.getfixturevalue(kind)
    line = refusal(environment | {"BROKER_URL": f"amqp://guest:sesame@127.0.0.1:{port}//"})
    assert "BROKER_URL" in line
    assert "sesame" not in line


def test_workers_of_two_instances_have_different_names() -> None:
    from phonereader.jobs.management.commands.run import parts

    def names(port: int) -> set[str]:
        with override_settings(PORT=port), socket.socket() as listener:
            return {word for part in parts(listener) for word in part.argv if word.startswith("--hostname=")}

    assert len(names(8000) | names(8001)) == 6
