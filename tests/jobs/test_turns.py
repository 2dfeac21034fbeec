"""Interactive jobs go before bulk, whatever the order of the rings, and every ring still starts a job."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from phonereader.jobs import lifecycle, tally, turns, worker
from phonereader.jobs.models import Job, WorkerProcess
from phonereader.jobs.states import Kind, Priority, State
from tests.jobs.conftest import reread

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


def queued(priority: Priority = Priority.INTERACTIVE, kind: Kind = Kind.RECOGNITION) -> Job:
    return lifecycle.create(kind, priority=priority)


def ring(job: Job) -> Job | None:
    return turns.claim(job.id, "w1")


def test_a_ring_for_bulk_starts_what_somebody_waits_for() -> None:
    bulk = [queued(Priority.BULK) for _ in range(3)]
    urgent = queued()
    order = [ring(job) for job in (*bulk, urgent)]
    assert order == [urgent, *bulk[1:], bulk[0]]
    assert {job.state for job in Job.objects.all()} == {State.RUNNING}


def test_a_ring_for_an_interactive_job_starts_that_one() -> None:
    _first, second = queued(), queued()
    assert ring(second) == second


def test_nothing_waits_and_a_ring_starts_nothing() -> None:
    job = queued()
    assert ring(job) == job
    assert ring(job) is None
    Job.objects.all().delete()
    assert ring(job) is None


def test_a_job_that_pauses_between_attempts_gets_no_turn() -> None:
    pausing, bulk = queued(), queued(Priority.BULK)
    Job.objects.filter(id=pausing.id).update(not_before=Now() + timedelta(minutes=1))
    assert ring(bulk) == bulk
    assert ring(bulk) is None


def test_a_job_that_is_to_be_cancelled_does_not_use_up_a_ring() -> None:
    unwanted, bulk = queued(), queued(Priority.BULK)
    Job.objects.filter(id=unwanted.id).update(cancel_requested=True)
    assert ring(bulk) == bulk
    assert reread(unwanted).state == State.CANCELLED


def test_other_kinds_have_no_turns() -> None:
    first, second = queued(kind=Kind.TRANSFER), queued(kind=Kind.TRANSFER)
    assert ring(second) == second
    assert ring(second) is None
    assert ring(first) == first


def test_of_many_workers_each_gets_a_job_of_its_own() -> None:
    jobs = [queued(Priority.BULK) for _ in range(10)] + [queued() for _ in range(10)]

    def claim(job: Job) -> Job | None:
        try:
            return turns.claim(job.id, "w")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        taken = [job.id for job in workers.map(claim, jobs) if job is not None]
    assert len(taken) == len(set(taken)) == Job.objects.filter(state=State.RUNNING).count()
    left = Job.objects.filter(state=State.QUEUED)  # what a ring lost to all its rivals, the sweeper rings for
    assert len(taken) + left.count() == 20


# --- Where a job stands ---------------------------------------------------------------------------


def shown(client: Client, job: Job) -> Any:
    return client.get(f"/api/v1/jobs/{job.id}/").json().get("queue")


def test_nobody_listens_and_nothing_is_promised(client: Client) -> None:
    job = queued()
    assert shown(client, job) is None
    WorkerProcess.objects.create(
        name="gone/1",
        queue="recognition",
        model_version=1,
        started_at=Now(),
        seen_at=Now() - timedelta(minutes=1),
    )
    worker.report("recognition", None)  # alive, without a model
    assert shown(client, job) is None
    worker.report("recognition", 1)
    assert shown(client, job)["position"] == 1
    ring(job)
    assert shown(client, job) is None


def test_the_position_counts_who_goes_before(client: Client) -> None:
    worker.report("recognition", 1)
    bulk, first, second = queued(Priority.BULK), queued(), queued()
    later = queued(Priority.BULK)
    queued(kind=Kind.TRANSFER)
    assert [shown(client, job)["position"] for job in (first, second, bulk, later)] == [1, 2, 3, 4]


def test_the_time_follows_from_how_long_jobs_took_and_how_many_work(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = {"ended by minute recognition": {"2026-01-31T12:00": 4, "2026-01-31T12:01": 6}}
    spent = {"spent by minute recognition": {"2026-01-31T12:00": 20.0, "2026-01-31T12:01": 30.0}}
    monkeypatch.setattr(tally, "counts", lambda: {**ended, **spent})
    worker.report("recognition", 1)
    jobs = [queued() for _ in range(5)]
    assert [shown(client, job)["expected_seconds"] for job in jobs] == [5, 10, 15, 20, 25]
    WorkerProcess.objects.create(
        name="other/1", queue="recognition", model_version=1, started_at=Now(), seen_at=Now()
    )
    assert [shown(client, job)["expected_seconds"] for job in jobs] == [5, 5, 10, 10, 15]
    ring(jobs[0])
    assert [shown(client, job)["expected_seconds"] for job in jobs[1:]] == [5, 10, 10, 15]


def test_far_behind_nobody_counts_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "FARTHEST", 3)
    worker.report("recognition", 1)
    jobs = [queued() for _ in range(6)]
    assert [shown(client, job)["position"] for job in jobs] == [1, 2, 3, 3, 3, 3]


def test_lists_and_the_answer_to_a_submission_do_without(admin_client: Client) -> None:
    worker.report("recognition", 1)
    job = queued()
    (listed,) = admin_client.get("/api/v1/jobs/").json()["results"]
    assert (listed["id"], "queue" in listed) == (str(job.id), False)
