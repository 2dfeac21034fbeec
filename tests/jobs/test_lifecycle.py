"""A job's states change by compare-and-set only, and every change is logged."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from phonereader.jobs import lifecycle
from phonereader.jobs.models import Job
from phonereader.jobs.states import MOVES, TERMINAL, State
from tests.jobs.conftest import reread

pytestmark = pytest.mark.core


def test_a_job_is_created_queued_and_logged(job: Job) -> None:
    assert job.state == State.QUEUED
    assert [(t.before, t.after) for t in job.transitions.all()] == [("", "queued")]


def test_a_claim_takes_the_job_under_a_lease_by_the_databases_clock(job: Job) -> None:
    claimed = lifecycle.claim(job.id, "w1")
    assert claimed is not None
    row = reread(job)
    assert (row.state, row.attempt, row.worker) == (State.RUNNING, 1, "w1")
    assert Job.objects.filter(id=job.id, lease_until__gt=Now() + timedelta(seconds=10)).exists()


def test_of_many_workers_one_gets_the_job(job: Job) -> None:
    def claim(number: int) -> bool:
        try:
            return lifecycle.claim(job.id, f"w{number}") is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        won = list(workers.map(claim, range(16)))
    assert sum(won) == 1
    assert reread(job).attempt == 1
    assert job.transitions.filter(after=State.RUNNING).count() == 1


def test_a_result_is_written_once(job: Job) -> None:
    claimed = lifecycle.claim(job.id, "w1")
    assert claimed is not None
    late = reread(job)
    assert lifecycle.succeed(claimed, {"digits": "1"}, "w1")
    assert not lifecycle.succeed(late, {"digits": "2"}, "w2")
    assert reread(job).result == {"digits": "1"}


def test_a_worker_of_an_earlier_life_writes_nothing(job: Job) -> None:
    """Attempts are counted anew after a retry, so the attempt alone would let this one through."""
    ghost = lifecycle.claim(job.id, "ghost")
    assert ghost is not None
    assert lifecycle.fail(reread(job), "internal", "worker_lost", "lost", "sweeper")
    assert lifecycle.transition(reread(job), State.QUEUED, actor="staff", attempt=0, error=None)
    present = lifecycle.claim(job.id, "present")
    assert present is not None
    assert present.attempt == ghost.attempt == 1
    assert not lifecycle.renew(ghost)
    assert not lifecycle.report_progress(ghost, 0.5)
    assert not lifecycle.succeed(ghost, {"digits": "ghost"}, "ghost")
    assert lifecycle.succeed(present, {"digits": "present"}, "present")
    assert reread(job).result == {"digits": "present"}


@pytest.mark.parametrize("end", sorted(TERMINAL))
def test_what_has_ended_stays(job: Job, end: State) -> None:
    Job.objects.filter(id=job.id).update(state=end)
    ended = reread(job)
    for state in State:
        if state not in MOVES[end]:
            with pytest.raises(ValueError, match="does not go"):
                lifecycle.transition(ended, state, actor="nobody")
    assert lifecycle.claim(job.id, "w1") is None
    assert reread(job).state == end


def test_a_queued_job_is_cancelled_at_once(job: Job) -> None:
    assert lifecycle.cancel(job, "me").state == State.CANCELLED
    assert lifecycle.claim(job.id, "w1") is None


def test_a_running_job_is_only_asked_to_end(job: Job) -> None:
    claimed = lifecycle.claim(job.id, "w1")
    assert claimed is not None
    asked = lifecycle.cancel(reread(job), "me")
    assert asked.state == State.RUNNING
    assert lifecycle.cancel_wanted(claimed)


def test_a_wish_to_cancel_that_its_writer_did_not_live_to_carry_out_is_seen_by_the_claim(job: Job) -> None:
    Job.objects.filter(id=job.id).update(cancel_requested=True)
    assert lifecycle.claim(job.id, "w1") is None
    assert reread(job).state == State.CANCELLED


def test_cancelling_what_has_succeeded_changes_nothing(job: Job) -> None:
    claimed = lifecycle.claim(job.id, "w1")
    assert claimed is not None
    lifecycle.succeed(claimed, {}, "w1")
    assert lifecycle.cancel(reread(job), "me").state == State.SUCCEEDED
    assert not reread(job).cancel_requested


def test_the_log_tells_who_and_why_without_gaps(job: Job) -> None:
    claimed = lifecycle.claim(job.id, "w1")
    assert claimed is not None
    lifecycle.give_back(claimed, "sweeper", "no sign of w1")
    again = lifecycle.claim(job.id, "w2")
    assert again is not None
    lifecycle.succeed(again, {}, "w2")
    log = [(t.revision, t.after, t.attempt, t.actor) for t in job.transitions.all()]
    assert log == [
        (0, "queued", 0, "system"),
        (1, "running", 1, "w1"),
        (2, "queued", 1, "sweeper"),
        (3, "running", 2, "w2"),
        (4, "succeeded", 2, "w2"),
    ]
