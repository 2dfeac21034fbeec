"""Samples: the one place where a label is given, and where a split is decided.

Corrections are claims and never come here; reviewers' words and imported labels do.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from recognition.doubts import locked, reviewed, to_review
from recognition.models import Box, Reading
from recognition.reader.ink import Ink, decode_picture, parse_strokes
from training.models import LABELS, Label, Sample

HOLDOUT_SHARE = 0.2
TEST = "test:"
"""What the origin of drawings begins with that somebody set aside for judging, as in MNIST's test set."""
TAKE_IN_LOCK = 0x70686F6E65  # any number, the same everywhere
AT_ONCE = 500
"""Samples that one query asks for or adds."""


@dataclass(frozen=True)
class Reviewer:
    """Who gives a label; ``user`` is None for an import by command."""

    name: str
    user: User | None = None


class Blank(ValueError):
    """There is no ink, and so nothing to label."""


class NotToLearnFrom(ValueError):
    """The drawing was deleted, or never contributed for training."""


def split_of(origin: str) -> str:
    """Train or holdout, by a hash of the origin alone: the same for all of its drawings, for ever."""
    if origin.startswith(TEST):
        return Sample.Split.HOLDOUT
    fraction = int.from_bytes(hashlib.sha256(f"split/{origin}".encode()).digest()[:8], "big") / 2**64
    return Sample.Split.HOLDOUT if fraction < HOLDOUT_SHARE else Sample.Split.TRAIN


def ink_of(drawing: Box | Sample) -> Ink:
    """The ink that a box or sample holds. Raises ``BadInk`` when it cannot be read."""
    if drawing.picture is not None:
        return decode_picture(bytes(drawing.picture))
    return parse_strokes(drawing.strokes or {})


@transaction.atomic
def label_box(box: Box, text: str, reviewer: Reviewer, via: str = Label.Via.REVIEW) -> Label:
    """Say what a box holds: 0 to 9 or ``-``. Raises ``Blank`` without ink, and ``NotToLearnFrom``."""
    submission = locked(box.submission_id)
    if submission is None or not submission.contributed:
        raise NotToLearnFrom("The drawing was deleted, or not contributed for training.")
    sample = Sample.objects.select_for_update().filter(box=box).first()
    if sample is None:
        reading = Reading.objects.filter(box=box, model=submission.model_id).select_related("model")
        seen = reading.only("state", "glyph", "model__glyph_version").first()
        sample = _new(f"submission:{box.submission_id}", box.strokes, box.picture, box, seen)
        sample.save()
    return relabel(sample, text, reviewer, via)


def take_in(
    origin: str, text: str, reviewer: Reviewer, *, strokes: object = None, picture: bytes | None = None
) -> Sample | None:
    """Add an imported drawing with its label; None when the same ink is there already.

    Raises ``Blank`` without ink and ``BadInk`` when it cannot be read.
    """
    sample = imported(origin, text, strokes=strokes, picture=picture)
    return sample if take_in_all([(sample, reviewer.name)], reviewer) else None


def imported(origin: str, text: str, *, strokes: object = None, picture: bytes | None = None) -> Sample:
    """The sample that an import would add, not yet saved; raises as ``take_in`` does."""
    if text not in LABELS:
        raise ValueError(f"{text!r} is no label.")
    sample = _new(origin, strokes, picture)
    sample.digit = text
    return sample


@transaction.atomic
def take_in_all(made: Sequence[tuple[Sample, str]], reviewer: Reviewer) -> list[Sample]:
    """Add imported samples, each with the name of who labelled it; those whose ink is there already are not
    added. Returns the added ones. All or none, and two imports at once add nothing twice."""
    if connection.vendor == "postgresql":  # SQLite has one writer at a time anyway
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TAKE_IN_LOCK])
    added = []
    for start in range(0, len(made), AT_ONCE):
        by_ink = {sample.ink_sha256: (sample, by) for sample, by in reversed(made[start : start + AT_ONCE])}
        known = set(Sample.objects.filter(ink_sha256__in=by_ink).values_list("ink_sha256", flat=True))
        fresh = [pair for ink, pair in reversed(by_ink.items()) if ink not in known]
        Sample.objects.bulk_create([sample for sample, _by in fresh])
        Label.objects.bulk_create(
            Label(sample=sample, text=sample.digit, user=reviewer.user, by=by[:200], via=Label.Via.IMPORT)
            for sample, by in fresh
        )
        added += [sample for sample, _by in fresh]
    return added


@transaction.atomic
def relabel(sample: Sample, text: str, reviewer: Reviewer, via: str = Label.Via.REVIEW) -> Label:
    """Give a sample another label; what it was called before stays on record. Empty withdraws."""
    return _write(sample, text, reviewer, via)


@transaction.atomic
def undo(label: Label, reviewer: Reviewer) -> Label:
    """Take back a label: the one before it counts again, or none."""
    before = label.sample.labels.filter(id__lt=label.id).first()
    return _write(label.sample, before.text if before else "", reviewer, label.via, undoes=label)


@transaction.atomic
def forget_unlabelled(submission_id: UUID) -> None:
    """A drawing is deleted by its owner: what no reviewer's word stands for goes with it."""
    Sample.objects.filter(box__submission=submission_id, digit="").delete()


def labelled(split: str) -> QuerySet[Sample]:
    """The samples of a split that have a label, oldest first."""
    return Sample.objects.filter(split=split).exclude(digit="").order_by("id")


def refresh_glyphs(samples: Iterable[Sample]) -> None:
    """Make the glyphs anew that an older glyph function made."""
    from recognition.reader.glyph import GLYPH_VERSION, glyph

    for sample in samples:
        if sample.glyph_version != GLYPH_VERSION:
            made = glyph(ink_of(sample))
            if made is not None:
                sample.glyph, sample.glyph_version = made.tobytes(), GLYPH_VERSION
                sample.save(update_fields=["glyph", "glyph_version"])


def _write(sample: Sample, text: str, reviewer: Reviewer, via: str, undoes: Label | None = None) -> Label:
    """Add a label; the box is reviewed, or waits for review again."""
    if text not in ("", *LABELS):
        raise ValueError(f"{text!r} is no label.")
    label = Label.objects.create(
        sample=sample, text=text, user=reviewer.user, by=reviewer.name[:200], via=via, undoes=undoes
    )
    sample.digit, sample.labelled_at = text, label.at
    sample.save(update_fields=["digit", "labelled_at"])
    if sample.box is not None and text:
        reviewed(sample.box)
    elif sample.box is not None and (submission := locked(sample.box.submission_id)):
        to_review(sample.box, submission)
    return label


def _new(
    origin: str,
    strokes: object,
    picture: bytes | memoryview | None,
    box: Box | None = None,
    seen: Reading | None = None,
) -> Sample:
    """A sample without a label yet. Its glyph is the one that was read, when there is a reading."""
    content = bytes(picture) if picture is not None else json.dumps(strokes, sort_keys=True).encode()
    sample = Sample(
        box=box,
        origin=origin,
        split=split_of(origin),
        strokes=strokes,
        picture=picture,
        ink_sha256=hashlib.sha256(content).hexdigest(),
        labelled_at=timezone.now(),
    )
    if seen is not None and seen.glyph is not None:
        sample.glyph, sample.glyph_version = seen.glyph, seen.model.glyph_version
        return sample
    if seen is not None and seen.state == Reading.State.BLANK:
        raise Blank("There is no ink to label.")
    from recognition.reader.glyph import GLYPH_VERSION, glyph  # heavy, and seldom needed in the web process

    made = glyph(ink_of(sample))
    if made is None:
        raise Blank("There is no ink to label.")
    sample.glyph, sample.glyph_version = made.tobytes(), GLYPH_VERSION
    return sample
