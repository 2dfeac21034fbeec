"""The runner does a job once, whatever happens around it."""

from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from phonereader.jobs import lifecycle, runner
from phonereader.jobs.models import Job, WorkerProcess
from phonereader.jobs.runner import Cancelled, ExpectedError, Lease
from phonereader.jobs.states import State
from tests.jobs.conftest import let_lease_run_out, reread

pytestmark = pytest.mark.core


class Work:
    """Writes a row in its transaction, as real work does."""

    def __init__(self, meanwhile: Any = None) -> None:
        self.meanwhile = meanwhile
        self.runs = 0

    def prepare(self) -> None: ...

    def run(self, job: Job, lease: Lease) -> str:
        self.runs += 1
        if isinstance(self.meanwhile, Exception):
            raise self.meanwhile
        if self.meanwhile:
            self.meanwhile(job)
        return "done"

    def save(self, job: Job, outcome: str) -> dict[str, Any]:
        now = timezone.now()
        WorkerProcess.objects.create(name=f"row of {job.id}", queue="", started_at=now, seen_at=now)
        return {"outcome": outcome}


def rows_written() -> int:
    return WorkerProcess.objects.count()


def test_a_job_succeeds_with_what_it_wrote(job: Job) -> None:
    assert runner.run(job.id, Work(), "w1") == State.SUCCEEDED
    row = reread(job)
    assert (row.state, row.result, row.progress) == (State.SUCCEEDED, {"outcome": "done"}, 1.0)
    assert row.finished_at is not None
    assert rows_written() == 1


def test_a_doorbell_that_rings_twice_runs_the_job_once(job: Job) -> None:
    work = Work()
    assert runner.run(job.id, work, "w1") == State.SUCCEEDED
    assert runner.run(job.id, work, "w2") is None
    assert work.runs == 1
    assert rows_written() == 1


def test_a_worker_that_lost_its_lease_writes_nothing(job: Job) -> None:
    def lose(claimed: Job) -> None:
        let_lease_run_out(claimed)
        lifecycle.give_back(reread(claimed), "sweeper", "no sign of w1")
        lifecycle.claim(claimed.id, "w2")

    assert runner.run(job.id, Work(lose), "w1") is None
    row = reread(job)
    assert (row.state, row.worker, row.result) == (State.RUNNING, "w2", None)
    assert rows_written() == 0


def test_bad_data_fails_as_expected_and_a_bug_as_internal(job: Job) -> None:
    other = lifecycle.create(lifecycle.Kind.RECOGNITION)
    assert runner.run(job.id, Work(ExpectedError("bad_ink", "Box 3 is damaged.")), "w1") == State.FAILED
    assert runner.run(other.id, Work(ZeroDivisionError("oops")), "w1") == State.FAILED
    assert reread(job).error == {"kind": "expected", "code": "bad_ink", "detail": "Box 3 is damaged."}
    assert reread(other).error["kind"] == "internal"
    assert rows_written() == 0


def test_work_that_is_cancelled_ends_cancelled(job: Job) -> None:
    assert runner.run(job.id, Work(Cancelled()), "w1") == State.CANCELLED


def test_a_database_that_failed_is_not_the_jobs_fault(job: Job) -> None:
    assert runner.run(job.id, Work(OperationalError("gone")), "w1") == State.QUEUED
    assert runner.run(job.id, Work(), "w1") == State.SUCCEEDED
    assert reread(job).attempt == 2


def test_a_worker_that_cannot_get_ready_claims_nothing(job: Job) -> None:
    class Unready(Work):
        def prepare(self) -> None:
            raise RuntimeError("no network in memory")

    with pytest.raises(RuntimeError):
        runner.run(job.id, Unready(), "w1")
    assert (reread(job).state, reread(job).attempt) == (State.QUEUED, 0)
