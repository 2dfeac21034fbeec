"""What the admin's first page shows: how much is read, how often it is corrected, by which version."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Avg, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Replace, TruncDate
from django.utils.timezone import now

from phonereader.jobs.models import first_id
from recognition.models import Correction, Submission
from recognition.registry import active
from training import runs
from training.models import TrainingRun

DAYS = 30
FRESH = 60
"""Seconds for which the figures are kept: they go through a month of submissions."""


@dataclass(frozen=True)
class Day:
    """Submissions of a day, and those of them that somebody corrected."""

    day: date
    submissions: int
    corrected: int


@dataclass(frozen=True)
class Version:
    """What a model version read, in DAYS: numbers, the part of them that was corrected, mean certainty."""

    version: int
    submissions: int
    corrected: float
    confidence: float | None


def context() -> dict[str, Any]:
    """What templates/training/dashboard.html shows."""
    days, versions = cache.get_or_set("dashboard", _figures, FRESH) or ([], [])
    return {
        "active": active(),
        "days": {
            "days": [f"{each.day:%b %d}" for each in days],
            "submissions": [each.submissions for each in days],
            "corrected": [each.corrected for each in days],
        },
        "any_days": any(each.submissions for each in days),
        "versions": versions,
        "runs": TrainingRun.objects.select_related("job", "model")
        .defer("model__weights", "log", "curve")
        .order_by("-job_id")[:5],
        "summary": runs.summary(),
        "span": DAYS,
    }


def _figures() -> tuple[list[Day], list[Version]]:
    return by_day(), by_version()


def by_day(days: int = DAYS) -> list[Day]:
    """One row for each of the last days, today's last."""
    today = now().astimezone(UTC).date()
    rows = (
        recent(days)
        .annotate(day=TruncDate("created_at", tzinfo=UTC))
        .values("day")
        .annotate(submissions=Count("pk"), fixed=Count("pk", filter=Q(was_corrected=True)))
        .order_by("day")
    )
    found = {row["day"]: (row["submissions"], row["fixed"]) for row in rows}
    every = [today - timedelta(days=back) for back in reversed(range(days))]
    return [Day(day, *found.get(day, (0, 0))) for day in every]


def by_version(days: int = DAYS) -> list[Version]:
    """The versions that read something in the last days, newest first."""
    rows = (
        recent(days)
        .exclude(model=None)
        .values("model_id")
        .annotate(
            submissions=Count("pk"), fixed=Count("pk", filter=Q(was_corrected=True)), sure=Avg("confidence")
        )
        .order_by("-model_id")
    )
    return [
        Version(row["model_id"], row["submissions"], row["fixed"] / row["submissions"], row["sure"])
        for row in rows
    ]


def recent(days: int) -> QuerySet[Submission]:
    """The submissions of the last days, by their ids, which are made of the time and have an index.

    ``was_corrected``: somebody said that the boxes say something else.
    """
    midnight = now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    nothing = Value("")
    claims = (
        Correction.objects.filter(submission=OuterRef("pk"))
        .annotate(claim=Replace("digits", Value("-"), nothing))
        .exclude(claim=Replace(OuterRef("digits"), Value("?"), nothing))
    )
    return Submission.objects.filter(pk__gte=first_id(midnight - timedelta(days=days - 1))).annotate(
        was_corrected=Exists(claims)
    )
