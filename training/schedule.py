"""Retraining by itself: when enough labels are new, or at a time of day. Switched on in the admin."""

import logging
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.timezone import now

from training import runs
from training.models import Label, Sample, Schedule, TrainingRun

log = logging.getLogger(__name__)


@transaction.atomic
def check(at: datetime | None = None) -> str:
    """Start a run if the schedule says so; what became of it, in words. Runs every minute on beat.

    A run that failed is not tried again before there are more labels, or the time of day has come again.
    """
    at = (at or now()).astimezone(UTC)
    Schedule.the()
    schedule = Schedule.objects.select_for_update().get(id=1)
    if not schedule.enabled:
        return "off"
    outcome = _start(schedule, at)
    schedule.last_checked_at = at
    if outcome:
        schedule.last_outcome = f"{at:%Y-%m-%d %H:%M} UTC: {outcome}"[:200]
        log.info("schedule: %s", outcome)
    schedule.save(update_fields=["last_checked_at", "last_outcome"])
    return outcome


def _start(schedule: Schedule, at: datetime) -> str:
    arrived = _since_the_last_start()
    enough = schedule.new_labels is not None and arrived >= max(1, schedule.new_labels)
    its_time = _its_time(schedule, at)
    if not enough and not its_time:
        return ""
    if runs.under_way() is not None:
        return "skipped, because a run is under way"
    if not enough and runs.summary().new == 0:
        return "skipped, because nothing is new"
    try:
        runs.start(runs.Wanted(epochs=schedule.epochs), trigger="schedule", caller="schedule")
    except runs.BadRun as error:
        return f"not started: {error}"
    return f"started with {arrived} new labels" if enough else "started at its time"


def _since_the_last_start() -> int:
    """Labels to train on that came after the newest run was started, whatever became of it."""
    newest = TrainingRun.objects.order_by("-job_id").values_list("job__created_at", flat=True).first()
    labels = Label.objects.filter(sample__split=Sample.Split.TRAIN).exclude(text="")
    return (labels if newest is None else labels.filter(at__gt=newest)).count()


def _its_time(schedule: Schedule, at: datetime) -> bool:
    """Whether the time of day has passed since the last look; the first look only starts to wait for it."""
    if schedule.at is None or schedule.last_checked_at is None:
        return False
    last = datetime.combine(at.date(), schedule.at, UTC)
    if last > at:
        last -= timedelta(days=1)
    return schedule.last_checked_at < last
