"""A worker's lease is renewed while it works, and tells the work when it is to stop."""

import time
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from phonereader.jobs import bell, lifecycle, runner, stopping
from phonereader.jobs.models import Job
from phonereader.jobs.runner import Cancelled, Lease, LeaseLost, Stopping, TimeLimit
from phonereader.jobs.states import State
from tests.jobs.conftest import reread
from tests.jobs.test_runner import Work
from tests.stack import wait_until

pytestmark = pytest.mark.core


@pytest.fixture
def claimed(job: Job) -> Job:
    claimed = lifecycle.claim(job.id, "w1")
    assert claimed is not None
    return claimed


@pytest.fixture
def told_to_stop() -> Iterator[None]:
    stopping.tell(60)
    yield
    stopping.forget()


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ids: list[str] = []
    monkeypatch.setattr(bell, "send", lambda _task, job_id, _broker: ids.append(job_id))
    return ids


def work_until_told(lease: Lease) -> None:
    """Work for as long as the lease lets it, at most for a minute."""
    for _ in range(6000):
        lease.check()
        time.sleep(0.01)


def end_process(_claimed: Job) -> None:
    raise SystemExit


class Working(Work):
    """Work that checks its lease, after what happens ``meanwhile``."""

    def run(self, job: Job, lease: Lease) -> str:
        if self.meanwhile:
            self.meanwhile(job)
        work_until_told(lease)
        return "done"


def test_it_is_renewed(claimed: Job, settings: LazySettings) -> None:
    settings.JOB_LEASE_SECONDS = 3
    Job.objects.filter(id=claimed.id).update(lease_until=Now())
    with Lease(claimed):
        wait_until(lambda: Job.objects.filter(lease_until__gt=Now()).exists(), "a renewed lease")


def test_progress_is_seen(claimed: Job) -> None:
    with Lease(claimed) as lease:
        lease.check(0.25)
        wait_until(lambda: reread(claimed).progress == 0.25, "the progress")
        lease.check(7.0)
        wait_until(lambda: reread(claimed).progress == 1.0, "the progress, at most 1")


def test_a_wish_to_cancel_reaches_the_work(claimed: Job) -> None:
    with Lease(claimed) as lease:
        lease.check()
        lifecycle.cancel(reread(claimed), "me")
        with pytest.raises(Cancelled):
            work_until_told(lease)


def test_a_loss_reaches_the_work(claimed: Job) -> None:
    with Lease(claimed) as lease:
        lifecycle.give_back(reread(claimed), "sweeper", "gone")
        with pytest.raises(LeaseLost):
            work_until_told(lease)


def test_the_time_limit_of_its_kind_reaches_the_work(claimed: Job, settings: LazySettings) -> None:
    settings.JOB_TIME_LIMITS = {"recognition": 1, "training": 3600}
    with Lease(claimed) as lease, pytest.raises(TimeLimit):
        work_until_told(lease)


def test_a_worker_that_is_told_to_stop_tells_the_work(claimed: Job, told_to_stop: None) -> None:
    with Lease(claimed) as lease, pytest.raises(Stopping):
        work_until_told(lease)


def test_a_cancelled_job_ends_cancelled(job: Job) -> None:
    work = Working(lambda claimed: lifecycle.cancel(reread(claimed), "me"))
    assert runner.run(job.id, work, "w1") == State.CANCELLED
    assert reread(job).result is None


def test_a_job_over_its_time_limit_fails_and_is_not_tried_again(job: Job, settings: LazySettings) -> None:
    settings.JOB_TIME_LIMITS = {"recognition": 1}
    assert runner.run(job.id, Working(), "w1") == State.FAILED
    error = reread(job).error
    assert (error["kind"], error["code"]) == ("internal", "time_limit")
    assert "1 second" in error["detail"]


def test_a_worker_that_stops_hands_its_job_back_and_rings_for_it(
    job: Job, told_to_stop: None, rung: list[str]
) -> None:
    assert runner.run(job.id, Working(), "w1") == State.QUEUED
    row = reread(job)
    assert (row.attempt, row.not_before) == (0, None)
    assert row.due_at is not None
    assert rung == [str(job.id)]
    last = row.transitions.get(revision=row.revision)
    assert last.actor == "w1"
    assert "the worker stops" in last.reason


def test_however_often_a_job_is_handed_back_it_is_never_given_up(
    job: Job, told_to_stop: None, rung: list[str]
) -> None:
    Job.objects.filter(id=job.id).update(attempt=job.max_attempts - 1)
    for _ in range(3):
        assert runner.run(job.id, Working(), "w1") == State.QUEUED
    assert reread(job).attempt == job.max_attempts - 1


def test_what_is_handed_back_and_to_be_cancelled_is_cancelled(
    job: Job, told_to_stop: None, rung: list[str]
) -> None:
    def cancel_unseen(claimed: Job) -> None:
        lifecycle.cancel(reread(claimed), "me")
        raise Stopping

    assert runner.run(job.id, Work(cancel_unseen), "w1") == State.CANCELLED
    assert rung == []


def test_a_process_that_is_ended_gives_back_its_job(job: Job) -> None:
    """Celery's cold shutdown raises SystemExit anywhere. So may a library, so the attempt counts."""
    with pytest.raises(SystemExit):
        runner.run(job.id, Work(end_process), "w1")
    assert (reread(job).state, reread(job).attempt) == (State.QUEUED, 1)


def test_a_process_that_is_ended_because_of_its_time_fails_its_job(job: Job, settings: LazySettings) -> None:
    """Celery's hard limit raises SystemExit, too."""
    settings.JOB_TIME_LIMITS = {"recognition": 0}
    with pytest.raises(SystemExit):
        runner.run(job.id, Work(end_process), "w1")
    assert reread(job).error["code"] == "time_limit"


def test_a_lease_that_ran_out_while_its_job_was_cancelled_is_no_second_life(job: Job) -> None:
    """Who reads the row, finds no wish to cancel, and is overtaken by one, puts nothing back."""
    lifecycle.claim(job.id, "w1")
    late = Job.objects.get(id=job.id)
    lifecycle.cancel(reread(job), "me")
    assert lifecycle.give_back(late, "sweeper", "gone")
    assert reread(job).state == State.CANCELLED
