"""`make run` starts everything, and a TERM to make alone leaves nothing behind."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.drawing import box_of_strokes
from tests.stack import ROOT, Stack

pytestmark = pytest.mark.stack


class Made(Stack):
    command = ("make", "run")


def term_to_make_alone(stack: Stack) -> None:
    stack.process.terminate()


def ctrl_c(stack: Stack) -> None:
    """A terminal sends INT to every process of its foreground group."""
    os.killpg(stack.process.pid, signal.SIGINT)


@pytest.mark.parametrize("stop", [term_to_make_alone, ctrl_c])
def test_it_reads_and_stops_without_a_trace(tmp_path: Path, stop: Callable[[Stack], None]) -> None:
    if not (ROOT / ".venv").exists():
        pytest.skip("make would install everything anew: run the tests by `make test`")
    with Made(tmp_path) as stack:
        accepted = stack.submit([box_of_strokes("7")])
        assert stack.ended(accepted.json["id"])["result"]["digits"] == "7"
        told = stack.log.read_text()
        assert f"http://127.0.0.1:{stack.port}/" in told
        assert "password" in told
        started = stack.processes()  # make, supervisor, Redis, site, three workers with their children, beat
        assert len(started) >= 11
        stop(stack)
        stack.process.wait(30)
        assert [process for process in started if process.is_running()] == []


def test_a_second_start_keeps_user_and_numbers(tmp_path: Path) -> None:
    with Stack(tmp_path) as stack:
        job_id = stack.submit([box_of_strokes("7")]).json["id"]
        stack.ended(job_id)
    first = stack.log.read_text()
    stack.log.unlink()
    with stack:
        assert stack.job(job_id)["result"]["digits"] == "7"
    assert "password" in first
    assert "password" not in stack.log.read_text()


def test_a_port_that_is_taken_is_one_clear_line(stack: Stack, tmp_path: Path) -> None:
    env = stack.env | {"PHONEREADER_DATA_DIR": str(tmp_path)}
    run = subprocess.run(
        [*Stack.command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode != 0
    assert len(run.stderr.strip().splitlines()) == 1
    assert str(stack.port) in run.stderr
