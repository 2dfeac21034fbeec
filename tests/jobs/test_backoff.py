"""A job that keeps losing its workers is tried again after growing pauses, whoever rings for it."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from phonereader.jobs import lifecycle, sweeper
from phonereader.jobs.models import Job
from phonereader.jobs.states import State
from tests.jobs.conftest import let_lease_run_out, let_pause_pass, reread

pytestmark = pytest.mark.core


def lose(job: Job, times: int = 1) -> None:
    for _ in range(times):
        let_pause_pass(job)
        assert lifecycle.claim(job.id, "w1") is not None
        let_lease_run_out(job)
        assert sweeper.recover_lost("sweeper") == 1


def test_the_first_loss_delays_nothing(job: Job) -> None:
    lose(job)
    assert Job.objects.filter(id=job.id, due_at__lte=Now()).exists()
    assert lifecycle.claim(job.id, "w2") is not None


def test_later_ones_wait_a_random_part_of_a_limit_that_doubles() -> None:
    assert lifecycle.pause_after(1) == 0
    for attempt, limit in ((2, 1), (3, 2), (4, 4), (7, 32), (8, 60), (1000, 60)):
        pauses = [lifecycle.pause_after(attempt) for _ in range(200)]
        assert 0 <= min(pauses) < limit / 2 < max(pauses) <= limit
        assert len(set(pauses)) > 100


def test_nobody_claims_it_during_its_pause(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old doorbell may ring at any time; a job that kills its workers is not to be had for that."""
    monkeypatch.setattr(lifecycle, "pause_after", lambda _attempt: 60.0)
    lose(job)
    assert Job.objects.filter(id=job.id, due_at=F("not_before"), due_at__gt=Now()).exists()
    assert lifecycle.claim(job.id, "w2") is None
    assert (reread(job).state, reread(job).attempt) == (State.QUEUED, 1)
    let_pause_pass(job)
    assert lifecycle.claim(job.id, "w2") is not None


def test_the_sweeper_rings_when_the_pause_is_over(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "pause_after", lambda _attempt: 60.0)
    rung: list[str] = []
    monkeypatch.setattr(sweeper, "send", lambda _task, job_id, _broker: rung.append(job_id))
    lose(job)
    sweeper.sweep()
    assert rung == []
    let_pause_pass(job)
    sweeper.sweep()
    assert rung == [str(job.id)]
    assert lifecycle.claim(job.id, "w2") is not None


def test_a_pause_does_not_keep_a_job_from_being_cancelled(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "pause_after", lambda _attempt: 60.0)
    lose(job)
    assert lifecycle.cancel(reread(job), "me").state == State.CANCELLED
    assert reread(job).not_before is None


def test_a_wish_to_cancel_is_carried_out_in_the_pause_too(job: Job) -> None:
    Job.objects.filter(id=job.id).update(not_before=Now() + timedelta(seconds=60), cancel_requested=True)
    assert lifecycle.claim(job.id, "w1") is None
    assert reread(job).state == State.CANCELLED
