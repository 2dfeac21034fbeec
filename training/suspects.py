"""Labels that may be wrong: the active model is sure, and disagrees.

Needs no torch: the training worker wrote down what a new version says of all samples, and what a version
read is stored with each box.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery

from recognition.models import ModelVersion, Reading
from recognition.registry import active
from training import samples, serving
from training.models import Label, Sample
from training.review import Taken, reviewer

SURE = 0.9
MOST = 500


@dataclass(frozen=True)
class Suspect:
    """A sample, with the digit that the active model takes it for, and how sure it is (0 to 1)."""

    sample: Sample
    answer: str
    confidence: float


def suspects() -> list[Suspect]:
    """The surest disagreements first, at most ``MOST``; without those that had their second look."""
    model = active()
    if model is None:
        return []
    found = {**_read(model), **_judged(model)}
    newest = Label.objects.filter(sample=OuterRef("pk")).order_by("-id")
    rows = Sample.objects.filter(pk__in=found).exclude(digit="").defer("strokes", "picture")
    rows = rows.annotate(via=Subquery(newest.values("via")[:1]), by=Subquery(newest.values("by")[:1]))
    rows = rows.exclude(via=Label.Via.SECOND)
    listed = [Suspect(row, *found[row.pk]) for row in rows if row.digit != found[row.pk][0]]
    return sorted(listed, key=lambda suspect: (-suspect.confidence, suspect.sample.pk))[:MOST]


def settle(user: User, sample_id: int, text: str, was: str) -> Label:
    """The word of a second look: the label that it had (kept), or another.

    Raises ``Taken`` when the label is no longer ``was``, ``Sample.DoesNotExist``, ``ValueError``.
    """
    with transaction.atomic():
        sample = Sample.objects.select_for_update().get(pk=sample_id)
        if sample.digit != was or not text:
            raise Taken("The label was changed meanwhile.")
        return samples.relabel(sample, text, reviewer(user), Label.Via.SECOND)


def _judged(model: ModelVersion) -> dict[int, tuple[str, float]]:
    """What the version said of the samples when it was judged."""
    judgement = serving.judgement(model)
    if judgement is None:
        return {}
    return {sample: (answer, confidence) for sample, answer, confidence in judgement.suspects}


def _read(model: ModelVersion) -> dict[int, tuple[str, float]]:
    """What the version read when the drawing came in."""
    rows: QuerySet[Reading] = Reading.objects.filter(
        model=model, state=Reading.State.READ, confidence__gte=SURE, box__sample__isnull=False
    )
    rows = rows.exclude(box__sample__digit=F("digit")).exclude(box__sample__digit="").order_by("-confidence")
    found = rows.values_list("box__sample", "digit", "confidence")[:MOST]
    return {sample: (digit, confidence) for sample, digit, confidence in found if confidence is not None}
