"""`make run` starts everything, and a TERM to make alone leaves nothing behind."""

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.drawing import box_of_strokes
from tests.stack import ROOT, Stack, wait_until

pytestmark = pytest.mark.stack


class Made(Stack):
    command = ("make", "run")


def of_this_data_dir(stack: Stack) -> list[psutil.Process]:
    """Every process of the machine that was started with the stack's data directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("PHONEREADER_DATA_DIR") == stack.env["PHONEREADER_DATA_DIR"]:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_reads_and_stops_without_a_trace(tmp_path: Path, how: signal.Signals) -> None:
    if not (ROOT / ".venv").exists():
        pytest.skip("make would install everything anew: run the tests by `make test`")
    with Made(tmp_path) as stack:
        accepted = stack.submit([box_of_strokes("7")])
        assert stack.ended(accepted.json["id"])["result"]["digits"] == "7"
        started = stack.log.read_text()
        assert f"http://127.0.0.1:{stack.port}/" in started
        assert "admin" in started
        assert len(of_this_data_dir(stack)) >= 7
        os.kill(stack.process.pid, how)  # to make alone
        stack.process.wait(30)
        wait_until(lambda: not of_this_data_dir(stack), "the end of every process", patience=5)


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
