"""Training runs: what there is to learn, starting one, and the samples that a run trains on."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max, OuterRef, Subquery

from phonereader.jobs import lifecycle
from phonereader.jobs.bell import ring_on_commit
from phonereader.jobs.models import Job
from phonereader.jobs.states import TERMINAL, Kind, State
from recognition.registry import active
from training import recipes
from training.models import LABELS, Label, Sample, TrainingRun

LONGEST = 200
"""Epochs that may be asked for."""


class BadRun(ValueError):
    """Settings that no run can have; the message is one sentence."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


@dataclass(frozen=True)
class Wanted:
    """What to train; None leaves the choice to the recipe."""

    architecture: str | None = None
    start: str | None = None
    epochs: int | None = None
    seed: int = 1


@dataclass(frozen=True)
class Summary:
    """What there is to learn: labelled samples to train on and to judge by, per label, and what is new."""

    train: dict[str, int]
    holdout: dict[str, int]
    new: int
    """Labels given or changed since the data of the last run that succeeded."""
    last: TrainingRun | None

    @property
    def count(self) -> int:
        return sum(self.train.values())


def summary() -> Summary:
    """A dry look at the data, before a run is started."""
    last = TrainingRun.objects.filter(job__state=State.SUCCEEDED).order_by("-job_id").first()
    seen = last.snapshot.get("last_label", 0) if last else 0
    return Summary(
        train=_per_label(Sample.Split.TRAIN),
        holdout=_per_label(Sample.Split.HOLDOUT),
        new=Label.objects.filter(id__gt=seen, sample__split=Sample.Split.TRAIN).exclude(text="").count(),
        last=last,
    )


@transaction.atomic
def start(
    wanted: Wanted, trigger: str, user: User | None = None, caller: str = "", callback_url: str = ""
) -> Job:
    """Queue a training run. Raises ``BadRun``."""
    parent = active()
    begin = wanted.start or TrainingRun.Start.ACTIVE
    if begin not in TrainingRun.Start.values:
        raise BadRun("start", "start must be active or scratch.")
    if begin == TrainingRun.Start.ACTIVE and parent is None:
        raise BadRun("start", "There is no active model to start from.")
    architecture = wanted.architecture or (parent.architecture if parent else recipes.DEFAULT)
    if architecture not in recipes.RECIPES:
        known = ", ".join(recipes.RECIPES)
        raise BadRun("architecture", f"There is no architecture {architecture!r}; there are {known}.")
    if begin == TrainingRun.Start.ACTIVE and parent is not None and architecture != parent.architecture:
        raise BadRun(
            "architecture",
            f"The active model is a {parent.architecture}; another architecture starts from scratch.",
        )
    recipe = recipes.further if begin == TrainingRun.Start.ACTIVE else recipes.recipe
    epochs = recipe(architecture).epochs if wanted.epochs is None else wanted.epochs
    if not 1 <= epochs <= LONGEST:
        raise BadRun("epochs", f"epochs must be 1 to {LONGEST}.")
    if not 0 <= wanted.seed < 2**31:
        raise BadRun("seed", "seed must be 0 to 2147483647.")
    job = lifecycle.create(Kind.TRAINING, user=user, caller=caller, callback_url=callback_url)
    TrainingRun.objects.create(
        job=job,
        architecture=architecture,
        start=begin,
        epochs=epochs,
        seed=wanted.seed,
        trigger=trigger,
        parent=parent if begin == TrainingRun.Start.ACTIVE else None,
    )
    ring_on_commit(job.id, job.kind)
    job.refresh_from_db(fields=["created_at"])
    return job


def under_way() -> TrainingRun | None:
    """A run that waits or trains."""
    return TrainingRun.objects.exclude(job__state__in=TERMINAL).select_related("job").first()


def ring_next() -> None:
    """Ring for the run that waits longest, once another has ended."""
    waiting = Job.objects.filter(kind=Kind.TRAINING, state=State.QUEUED).order_by("id").first()
    if waiting is not None:
        ring_on_commit(waiting.id, waiting.kind)


def settings_of(run: TrainingRun) -> recipes.Settings:
    """The trainer's settings of a run."""
    recipe = recipes.further if run.start == TrainingRun.Start.ACTIVE else recipes.recipe
    return replace(recipe(run.architecture), epochs=run.epochs, seed=run.seed)


def snapshot(run: TrainingRun) -> list[tuple[Sample, str]]:
    """The samples a run trains on, with their labels, as they stood when it first started.

    The first call writes down which label was the newest then; a run that goes on elsewhere sees the same
    data. Samples of the holdout are never among them, nor what was sent once more under another number.
    """
    if "last_label" not in run.snapshot:
        run.snapshot = {"last_label": Label.objects.aggregate(Max("id"))["id__max"] or 0}
    newest = Label.objects.filter(sample=OuterRef("pk"), id__lte=run.snapshot["last_label"]).order_by("-id")
    rows = (
        Sample.objects.filter(split=Sample.Split.TRAIN)
        .annotate(text_then=Subquery(newest.values("text")[:1]))
        .exclude(text_then="")
        .exclude(text_then=None)
        .exclude(ink_sha256__in=Sample.objects.filter(split=Sample.Split.HOLDOUT).values("ink_sha256"))
        .order_by("id")
    )
    found: list[tuple[Sample, str]] = [(sample, str(sample.text_then)) for sample in rows]
    digest = hashlib.sha256()
    for sample, text in found:
        digest.update(f"{sample.ink_sha256} {text}\n".encode())
    run.snapshot |= {
        "samples": len(found),
        "per_label": {label: sum(text == label for _sample, text in found) for label in LABELS},
        "sha256": digest.hexdigest(),
        "settings": asdict(settings_of(run)),
    }
    run.save(update_fields=["snapshot"])
    return found


def _per_label(split: str) -> dict[str, int]:
    rows = Sample.objects.filter(split=split).exclude(digit="").values_list("digit").annotate(Count("id"))
    found: dict[str, Any] = dict(rows)
    return {label: found.get(label, 0) for label in LABELS}
