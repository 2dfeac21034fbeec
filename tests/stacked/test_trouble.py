"""Jobs that kill, block or outstay their worker: what becomes of them, of the worker and of other jobs.

Leases last for ever here: whatever goes on, goes on because somebody noticed sooner.
"""

import re
import signal
from collections.abc import Iterator

import psutil
import pytest

from tests.drawing import box_of_strokes
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.stack

STOP_SECONDS = 2
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "tests.trouble.settings",
    "RECOGNITION_PROCESSES": "2",
    "JOB_LEASE_SECONDS": "3600",
    "JOB_STOP_SECONDS": str(STOP_SECONDS),
    "TRANSFER_TIME_LIMIT": "4",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), ENVIRONMENT) as stack:
        yield stack


@pytest.fixture(scope="module")
def patient_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), ENVIRONMENT | {"TRANSFER_TIME_LIMIT": "3600"}) as stack:
        yield stack


def moves(stack: Stack, job_id: str) -> list[str]:
    """The log of the job's transitions: what, by whom, why."""
    return re.findall(rf"job {job_id} (.*)", stack.log.read_text(errors="replace"))


def started(stack: Stack, job_id: str, times: int = 1) -> psutil.Process:
    """The process that works on the job, once it has been started so often."""

    def worker() -> str | None:
        claims = [move for move in moves(stack, job_id) if move.startswith("queued -> running")]
        return claims[times - 1] if len(claims) >= times else None

    claim = wait_until(worker, f"start {times} of job {job_id}")
    return psutil.Process(int(claim.split()[4].rpartition("/")[2]))


def trouble(stack: Stack, what: str) -> str:
    return stack.manage("trouble", what).strip()


def cancel(stack: Stack, job_id: str) -> None:
    code = f"from phonereader.jobs import lifecycle; lifecycle.cancel(Job.objects.get(id='{job_id}'), 'me')"
    stack.manage("shell", "-c", code)


def parent_of_readers(stack: Stack) -> psutil.Process:
    return next(
        process
        for process in stack.find("celery", "worker", "--hostname=recognition")
        if process.ppid() == stack.process.pid
    )


def test_a_poison_job_fails_with_its_reason_and_costs_others_no_attempt(stack: Stack) -> None:
    poison = trouble(stack, "poison")
    ids = []

    def over() -> bool:
        ids.append(stack.submit([box_of_strokes("7")]).json["id"])
        return bool(stack.job(poison)["state"] == "failed")

    wait_until(over, "the end of the poison job")
    failed = stack.job(poison)
    assert failed["attempt"] == 5
    assert (failed["error"]["kind"], failed["error"]["code"]) == ("internal", "worker_lost")
    assert "5 attempts" in failed["error"]["detail"]
    jobs = [stack.ended(job_id) for job_id in ids]
    assert {(job["state"], job["attempt"]) for job in jobs} == {("succeeded", 1)}


def test_work_over_its_time_limit_that_heeds_it_fails_and_keeps_its_process(stack: Stack) -> None:
    job_id = trouble(stack, "attentive")
    worker = started(stack, job_id)
    job = stack.ended(job_id)
    assert (job["state"], job["error"]["kind"], job["error"]["code"]) == ("failed", "internal", "time_limit")
    assert worker.is_running()


def test_deaf_work_over_its_time_limit_fails_and_its_process_is_replaced(stack: Stack) -> None:
    job_id = trouble(stack, "deaf")
    worker = started(stack, job_id)
    assert stack.ended(job_id)["error"]["code"] == "time_limit"
    wait_until(lambda: not worker.is_running(), "the end of the deaf process")
    stack.wait_ready()


def test_work_that_holds_its_whole_process_is_killed_and_tried_again(stack: Stack) -> None:
    job_id = trouble(stack, "stuck_once")
    worker = started(stack, job_id)
    job = stack.ended(job_id)
    assert (job["state"], job["attempt"]) == ("succeeded", 2)
    assert not worker.is_running()


def test_the_job_of_a_killed_process_goes_on_before_its_lease_ends(patient_stack: Stack) -> None:
    stack = patient_stack
    job_id = trouble(stack, "attentive")
    started(stack, job_id).kill()
    second = started(stack, job_id, times=2)
    assert any("is gone" in move for move in moves(stack, job_id))
    parent_of_readers(stack).kill()  # the supervisor kills the children
    third = started(stack, job_id, times=3)
    assert not second.is_running()
    cancel(stack, job_id)
    assert stack.ended(job_id)["state"] == "cancelled"
    assert third.is_running()


@pytest.mark.parametrize("work", ["attentive", "deaf"])
def test_a_worker_that_stops_hands_back_what_it_cannot_finish(patient_stack: Stack, work: str) -> None:
    stack = patient_stack
    job_id = trouble(stack, work)
    started(stack, job_id)
    parent = parent_of_readers(stack)
    told = len(re.findall("recognition ended with code 0", stack.log.read_text()))
    parent.send_signal(signal.SIGTERM)
    started(stack, job_id, times=2)
    handed_back = [move for move in moves(stack, job_id) if move.startswith("running -> queued")]
    assert len(handed_back) == 1
    assert "the worker stops" in handed_back[0]
    assert stack.job(job_id)["attempt"] == 1
    ended = re.findall("recognition ended with code 0", stack.log.read_text())
    assert len(ended) == told + 1
    cancel(stack, job_id)
    assert stack.ended(job_id)["state"] == "cancelled"
    stack.wait_ready()


def test_a_worker_that_stops_finishes_a_reading(patient_stack: Stack) -> None:
    stack = patient_stack
    stack.wait_ready()
    ids = [stack.submit([box_of_strokes("7")] * 15).json["id"] for _ in range(10)]
    parent_of_readers(stack).send_signal(signal.SIGTERM)
    jobs = [stack.ended(job_id) for job_id in ids]
    assert {(job["state"], job["attempt"]) for job in jobs} == {("succeeded", 1)}
