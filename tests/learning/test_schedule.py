"""The schedule starts a run when enough is new or at its time, and skips one that would learn nothing."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from phonereader.jobs.models import Job
from tests.learning.conftest import Label
from training import schedule
from training.models import Sample, Schedule, TrainingRun

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)


def switched_on(**wanted: Any) -> Schedule:
    row = Schedule.the()
    Schedule.objects.filter(pk=row.pk).update(**{"enabled": True, "new_labels": None, "at": None, **wanted})
    return row


def learnt(label: Label, digits: str, example: int = 0) -> None:
    """Labels that a run would train on."""
    label(digits, example)
    Sample.objects.update(split=Sample.Split.TRAIN)


def test_it_is_off_until_it_is_switched_on(label: Label) -> None:
    learnt(label, "0123456789")
    assert Schedule.the().enabled is False
    assert schedule.check(NOON) == "off"
    assert not TrainingRun.objects.exists()


def test_a_run_starts_when_enough_labels_are_new_and_not_again_for_the_same(label: Label) -> None:
    switched_on(new_labels=10, epochs=3)
    learnt(label, "01234")
    assert schedule.check(NOON) == ""
    learnt(label, "56789", 1)
    assert schedule.check(NOON) == "started with 10 new labels"
    run = TrainingRun.objects.get()
    assert (run.trigger, run.epochs) == ("schedule", 3)
    Job.objects.filter(pk=run.pk).update(state="failed")  # whatever becomes of it
    assert schedule.check(NOON + timedelta(minutes=1)) == ""
    learnt(label, "0123456789", 2)
    assert schedule.check(NOON + timedelta(minutes=2)) == "started with 10 new labels"


def test_one_run_at_a_time(label: Label) -> None:
    switched_on(new_labels=5)
    learnt(label, "01234")
    schedule.check(NOON)
    learnt(label, "56789", 1)
    assert schedule.check(NOON) == "skipped, because a run is under way"
    assert TrainingRun.objects.count() == 1
    assert "under way" in Schedule.the().last_outcome


def test_once_a_day_at_its_time(label: Label) -> None:
    switched_on(at=time(12, 30))
    learnt(label, "01")
    assert schedule.check(NOON) == "", "the first look only starts to wait"
    assert schedule.check(NOON + timedelta(minutes=29)) == ""
    assert schedule.check(NOON + timedelta(minutes=31)) == "started at its time"
    assert schedule.check(NOON + timedelta(minutes=32)) == ""


def test_at_its_time_nothing_new_is_skipped() -> None:
    row = switched_on(at=time(12, 30))
    schedule.check(NOON)
    assert schedule.check(NOON + timedelta(hours=1)) == "skipped, because nothing is new"
    row.refresh_from_db()
    assert row.last_outcome == "2030-05-01 13:00 UTC: skipped, because nothing is new"
    assert not TrainingRun.objects.exists()


def test_a_time_that_passed_while_the_program_was_off_is_made_up_for(label: Label) -> None:
    switched_on(at=time(3, 0))
    learnt(label, "01")
    schedule.check(NOON)
    assert schedule.check(NOON + timedelta(days=1)) == "started at its time"
