"""What became of all jobs is counted from the log of their transitions: every line once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from phonereader.jobs import lifecycle, sweeper, tally
from phonereader.jobs.models import Job, Tally, Transition
from phonereader.jobs.states import Kind, State
from tests.jobs.conftest import let_lease_run_out, reread

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines count however young they are."""
    monkeypatch.setattr(tally, "LAG", timedelta(0))


def run_to_success() -> Job:
    claimed = lifecycle.claim(lifecycle.create(Kind.RECOGNITION).id, "w1")
    assert claimed is not None
    assert lifecycle.succeed(claimed, {}, "w1")
    return claimed


def moved() -> dict[tuple[str, str, str], int]:
    return dict(tally.moves(tally.counts()))


def test_every_line_counts_once() -> None:
    run_to_success()
    lifecycle.cancel(lifecycle.create(Kind.TRAINING), "me")
    assert tally.fold() == 5
    assert tally.fold() == 0
    run_to_success()
    assert tally.fold() == 3
    assert moved() == {
        ("recognition", "new", "queued"): 2,
        ("recognition", "queued", "running"): 2,
        ("recognition", "running", "succeeded"): 2,
        ("training", "new", "queued"): 1,
        ("training", "queued", "cancelled"): 1,
    }


def test_the_sweeper_counts_and_a_lease_that_ran_out_is_one(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "send", lambda *_: None)
    lifecycle.claim(job.id, "w1")
    let_lease_run_out(job)
    sweeper.sweep()
    assert tally.counts()["expired"] == {"recognition": 1}
    assert moved()["recognition", "running", "queued"] == 1


def test_what_waited_and_ran_how_long() -> None:
    job = run_to_success()
    for revision, seconds in ((0, 100.0), (1, 3.0)):  # accepted 100 s ago, started 3 s ago, ended now
        line = Transition.objects.filter(job=job, revision=revision)
        line.update(at=job.transitions.get(revision=2).at - timedelta(seconds=seconds))
    tally.fold()
    buckets, total = tally.histogram(tally.counts(), "waited recognition", tally.WAITED)
    assert total == pytest.approx(97, abs=0.01)
    assert dict(buckets)["60.0"] == 0
    assert dict(buckets)["300.0"] == dict(buckets)["+Inf"] == 1
    buckets, total = tally.histogram(tally.counts(), "ran recognition succeeded", tally.RAN)
    assert total == pytest.approx(3, abs=0.01)
    assert (dict(buckets)["1.0"], dict(buckets)["5.0"]) == (0, 1)


def test_lines_that_are_too_young_wait_and_so_does_what_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    run_to_success()
    monkeypatch.setattr(tally, "LAG", timedelta(hours=1))
    assert tally.fold() == 0
    first, *_rest, last = Transition.objects.order_by("id")
    for line in (first, last):
        Transition.objects.filter(id=line.id).update(at=F("at") - timedelta(hours=2))
    assert tally.fold() == 1
    assert Tally.objects.get().upto == first.id


def test_many_lines_are_counted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "BATCH", 2)
    for _ in range(3):
        run_to_success()
    assert tally.fold() == 9
    assert moved()["recognition", "running", "succeeded"] == 3


def test_who_counts_at_once_with_others_counts_nothing_twice() -> None:
    for _ in range(5):
        run_to_success()

    def fold(_number: int) -> int:
        try:
            return tally.fold()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as counting:
        assert sum(counting.map(fold, range(8))) == 15
    assert moved()["recognition", "running", "succeeded"] == 5


def test_counts_outlive_their_jobs(job: Job) -> None:
    lifecycle.cancel(reread(job), "me")
    tally.fold()
    Job.objects.all().delete()
    assert tally.fold() == 0
    assert moved()["recognition", State.QUEUED, State.CANCELLED] == 1


def test_buckets_of_an_earlier_version_stay_in_the_histogram() -> None:
    buckets, total = tally.histogram({"t": {"0.7": 2, "+Inf": 1, "sum": 9.0}}, "t", (0.5, 1))
    assert (buckets, total) == ([("0.5", 0), ("0.7", 2), ("1.0", 2), ("+Inf", 3)], 9.0)
