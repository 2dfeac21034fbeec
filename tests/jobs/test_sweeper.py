"""The sweeper finds what was lost track of, and may run as often as it likes."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from phonereader.jobs import lifecycle, sweeper
from phonereader.jobs.models import Job
from phonereader.jobs.states import State
from tests.jobs.conftest import let_lease_run_out, let_pause_pass, reread

pytestmark = pytest.mark.core


@pytest.fixture(autouse=True)
def no_broker(settings: LazySettings) -> None:
    """A broker's address where nobody listens."""
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids that were rung for; the broker itself takes part in the tests of the whole program."""
    ids: list[str] = []
    monkeypatch.setattr(sweeper, "send", lambda _task, job_id, _broker: ids.append(job_id))
    return ids


def test_a_lease_that_ran_out_puts_the_job_back(job: Job, rung: list[str]) -> None:
    lifecycle.claim(job.id, "w1")
    let_lease_run_out(job)
    assert sweeper.sweep().recovered == 1
    row = reread(job)
    assert (row.state, row.attempt) == (State.QUEUED, 1)
    assert rung == [str(job.id)]


def test_a_lease_that_holds_is_left_alone(job: Job, rung: list[str]) -> None:
    lifecycle.claim(job.id, "w1")
    assert sweeper.sweep().recovered == 0
    assert reread(job).state == State.RUNNING
    assert rung == []


def test_a_second_sweep_finds_nothing(job: Job, rung: list[str]) -> None:
    lifecycle.claim(job.id, "w1")
    let_lease_run_out(job)
    sweeper.sweep()
    second = sweeper.sweep()
    assert (second.recovered, second.rung) == (0, 0)
    assert len(rung) == 1


def test_a_job_that_loses_every_worker_fails_and_says_so(job: Job, rung: list[str]) -> None:
    for _attempt in range(job.max_attempts):
        assert lifecycle.claim(job.id, "w1") is not None
        let_lease_run_out(job)
        sweeper.sweep()
        let_pause_pass(job)
    row = reread(job)
    assert (row.state, row.attempt) == (State.FAILED, job.max_attempts)
    assert row.error["kind"] == "internal"
    assert row.error["code"] == "worker_lost"
    assert "5 attempts" in row.error["detail"]


def test_a_lost_job_that_was_to_be_cancelled_is_cancelled(job: Job, rung: list[str]) -> None:
    lifecycle.claim(job.id, "w1")
    lifecycle.cancel(reread(job), "me")
    let_lease_run_out(job)
    sweeper.sweep()
    assert reread(job).state == State.CANCELLED


def test_a_queued_job_that_nobody_claims_is_rung_for_again_and_then_less_and_less_often(
    job: Job, rung: list[str]
) -> None:
    for expected in (1, 2, 3):
        Job.objects.filter(id=job.id).update(due_at=Now() - timedelta(seconds=1))
        sweeper.sweep()
        assert len(rung) == expected
        assert sweeper.sweep().rung == 0
    assert reread(job).rings == 3


def test_a_fresh_job_is_not_rung_for(job: Job, rung: list[str]) -> None:
    assert sweeper.sweep().rung == 0


def test_a_broker_that_is_away_leaves_the_job_due(job: Job) -> None:
    Job.objects.filter(id=job.id).update(due_at=Now() - timedelta(seconds=1))
    before = reread(job).due_at
    assert sweeper.sweep().rung == 0
    row = reread(job)
    assert (row.state, row.due_at, row.rings) == (State.QUEUED, before, 0)
