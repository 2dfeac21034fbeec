"""Shadow runs: what a model version would have read in the last numbers, beside what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, QuerySet

from phonereader.jobs.models import Job
from phonereader.jobs.runner import ExpectedError, Lease
from phonereader.jobs.states import State
from recognition import registry
from recognition.models import Box, ModelVersion, Reading, Submission
from recognition.reader.ink import BadInk
from training.models import NO_DIGIT, Difference, Sample, Transfer
from training.samples import ink_of
from training.transfer_works import transfer_of
from training.transfers import MOST_NUMBERS

if TYPE_CHECKING:  # torch is loaded by workers only
    from recognition.reader.reader import BoxReading, Reader


AT_ONCE = 20
"""Numbers that are read together."""
MOST_KEPT = 2_000
"""Differences that are kept; the rest is counted."""


@dataclass
class Compared:
    """The candidate's readings beside the stored ones."""

    numbers: int = 0
    numbers_changed: int = 0
    boxes: int = 0
    changed: int = 0
    unreadable_before: int = 0
    unreadable_after: int = 0
    sure_before: float = 0.0
    sure_after: float = 0.0
    labelled: int = 0
    gained: int = 0
    lost: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, box: Box, before: Reading, after: BoxReading) -> bool:
        """Count a box; whether the candidate says something else."""
        self.boxes += 1
        self.unreadable_before += before.state == Reading.State.UNREADABLE
        self.unreadable_after += after.state == "unreadable"
        self.sure_before += before.confidence or 0.0
        self.sure_after += after.confidence or 0.0
        said, says = said_by(before.state, before.digit), said_by(after.state, after.digit or "")
        sample: Sample | None = getattr(box, "sample", None)
        if sample is not None and sample.digit:
            self.labelled += 1
            self.gained += right(says, sample.digit) and not right(said, sample.digit)
            self.lost += right(said, sample.digit) and not right(says, sample.digit)
        if said == says:
            return False
        self.changed += 1
        if len(self.differences) < MOST_KEPT:
            self.differences.append(
                Difference(
                    box=box,
                    before=said,
                    after=says,
                    sure_before=before.confidence,
                    sure_after=after.confidence,
                )
            )
        return True

    def report(self) -> dict[str, Any]:
        found = {key: value for key, value in vars(self).items() if key != "differences"}
        for key in ("sure_before", "sure_after"):
            found[key] = round(found[key] / max(self.boxes, 1), 4)
        return found


class ShadowRun:
    """Read the last numbers that are kept with the version that the options name; keep what differs."""

    def prepare(self) -> None:
        import torch

        torch.set_num_threads(1)  # it is in no hurry, and readings go first

    def run(self, job: Job, lease: Lease) -> Compared:
        options = transfer_of(job).options
        version, count = options.get("version"), options.get("count")
        if not isinstance(count, int) or not 1 <= count <= MOST_NUMBERS:
            raise ExpectedError("bad_option", f"count must be 1 to {MOST_NUMBERS}.")
        if not isinstance(version, int) or not ModelVersion.objects.filter(pk=version).exists():
            raise ExpectedError("bad_option", f"There is no model version {version!r}.")
        try:
            reader = registry.load(version)
        except registry.BadVersion as error:
            raise ExpectedError("bad_version", str(error)) from None
        ids = list(last_numbers().values_list("pk", flat=True)[:count])
        if not ids:
            raise ExpectedError("nothing", "No number that was read is kept.")
        compared = Compared()
        for start in range(0, len(ids), AT_ONCE):
            lease.check(start / len(ids))
            for submission in with_boxes(ids[start : start + AT_ONCE]):
                compare(submission, reader, compared)
        return compared

    def save(self, job: Job, outcome: Compared) -> dict[str, Any]:
        report = outcome.report()
        row = Transfer.objects.filter(job=job).first()
        if row is None:
            raise ExpectedError("gone", "The transfer was deleted.")
        row.report = report
        row.save(update_fields=["report"])
        ids = [difference.box_id for difference in outcome.differences]
        there: set[int] = set()  # a number may have been deleted by its owner meanwhile
        for start in range(0, len(ids), 500):
            locked = Box.objects.select_for_update().filter(pk__in=ids[start : start + 500])
            there.update(locked.values_list("pk", flat=True))
        for difference in outcome.differences:
            difference.transfer = row
        Difference.objects.bulk_create(
            (difference for difference in outcome.differences if difference.box_id in there), 500
        )
        return {key: report[key] for key in ("numbers", "numbers_changed", "boxes", "changed")}


def last_numbers() -> QuerySet[Submission]:
    """Those that were read and are kept, newest first."""
    return Submission.objects.filter(job__state=State.SUCCEEDED).exclude(model=None).order_by("-job_id")


def with_boxes(ids: Sequence[Any]) -> QuerySet[Submission]:
    readings = Prefetch("readings", Reading.objects.defer("glyph", "probabilities"))
    samples = Prefetch("sample", Sample.objects.only("box", "digit"))
    boxes = Prefetch("boxes", Box.objects.order_by("position").prefetch_related(readings, samples))
    return Submission.objects.filter(pk__in=ids).order_by("-job_id").prefetch_related(boxes)


def compare(submission: Submission, reader: Reader, compared: Compared) -> None:
    boxes, before, inks = [], [], []
    for box in submission.boxes.all():
        stored = next((each for each in box.readings.all() if each.model_id == submission.model_id), None)
        if stored is None:
            continue
        try:
            ink = ink_of(box)
        except BadInk:  # accepted by an earlier version of the program, perhaps
            continue
        boxes.append(box)
        before.append(stored)
        inks.append(ink)
    changed = [compared.add(*each) for each in zip(boxes, before, reader.read(inks), strict=True)]
    compared.numbers += 1
    compared.numbers_changed += any(changed)


def said_by(state: str, digit: str) -> str:
    """A reading in one character: the digit, ? for unreadable, nothing for a blank box."""
    return {Reading.State.READ: digit, Reading.State.UNREADABLE: "?"}.get(Reading.State(state), "")


def right(said: str, label: str) -> bool:
    return said == ("?" if label == NO_DIGIT else label)
