"""Reviewing: which box comes next, held for one reviewer for a while; labels and undo; how much is left.

The boxes that wait are the readings with a ``doubt`` (``recognition.doubts``), and an index orders them.
"""

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from statistics import median

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from recognition.doubts import locked
from recognition.models import Box, Reading
from training import samples
from training.models import Label, ReviewLock, Sample
from training.samples import Reviewer

HELD = timedelta(minutes=5)
CANDIDATES = 10
"""So many are looked at when reviewers reach for the same box."""
COUNTED = 10_000
"""More than this that wait are not counted."""
RECENT = 30
"""The pace is that of so many labels ..."""
PAUSE = 60.0
"""... not counting pauses of more seconds than this."""
CONFIRMED_AT_ONCE = 500
BATCH = 50


class Taken(Exception):
    """Another reviewer has the box, or was faster; the message says who."""


class Gone(Exception):
    """The drawing was deleted."""


@dataclass(frozen=True)
class Progress:
    """How many boxes wait (at most ``COUNTED``), and seconds a label at the reviewer's recent pace."""

    left: int
    seconds_each: float | None


@dataclass(frozen=True)
class Confirmed:
    count: int
    skipped: int


# --- The queue ------------------------------------------------------------------------------------


def waiting() -> QuerySet[Reading]:
    """What waits for a reviewer: disputed readings first, then the least certain."""
    return Reading.objects.filter(doubt__isnull=False).order_by("-doubt", "-id")


def next_box(user: User) -> Box | None:
    """The next box that nobody holds; the user holds it from now on."""
    while True:
        locks = ReviewLock.objects.filter(box=OuterRef("box"), until__gt=timezone.now())
        free = list(waiting().exclude(Exists(locks)).values_list("box_id", flat=True)[:CANDIDATES])
        for box_id in free:
            if not hold(box_id, user):
                continue  # another reviewer was faster
            box = Box.objects.filter(pk=box_id).select_related("submission").first()
            if box is not None and waiting().filter(box=box).exists():
                return box
            release(user, box_id)  # labelled or deleted a moment ago
        if len(free) < CANDIDATES:
            return None


def hold(box_id: int, user: User) -> bool:
    """Take the box for a while, or renew that; False when another reviewer has it, or it is no more."""
    now = timezone.now()
    lock = {"user": user, "until": now + HELD}
    try:
        with transaction.atomic():
            free = Q(user=user) | Q(until__lte=now)
            if ReviewLock.objects.filter(free, box_id=box_id).update(**lock):
                return True
            ReviewLock.objects.bulk_create([ReviewLock(box_id=box_id, **lock)], ignore_conflicts=True)
            return ReviewLock.objects.filter(box_id=box_id, user=user).exists()
    except IntegrityError:  # there is no such box any more
        return False


def renew(user: User, boxes: list[int]) -> None:
    """Hold on to boxes that the user has."""
    ReviewLock.objects.filter(user=user, box__in=boxes).update(until=timezone.now() + HELD)


def release(user: User, box_id: int | None = None) -> None:
    """Give back one box, or all that the user holds."""
    held = ReviewLock.objects.filter(user=user)
    (held if box_id is None else held.filter(box=box_id)).delete()


# --- Labels ---------------------------------------------------------------------------------------


@transaction.atomic
def label(user: User, box_id: int, text: str, was: int | None) -> Label:
    """Give a label to a box whose newest label was ``was`` when the reviewer saw it.

    Raises ``Gone``, ``Taken``, and ``ValueError`` for what is no label. The same label sent twice is one.
    """
    box = Box.objects.filter(pk=box_id).select_related("submission").first()
    if box is None or locked(box.submission_id) is None:
        raise Gone("This drawing was deleted meanwhile.")
    newest = Label.objects.filter(sample__box=box).first()
    if newest is not None and newest.pk != was:
        if newest.user_id == user.pk and newest.text == text:
            return newest
        raise Taken(f"{newest.by} has labelled this box meanwhile.")
    other = ReviewLock.objects.filter(box=box, until__gt=timezone.now()).exclude(user=user)
    if found := other.select_related("user").first():
        raise Taken(f"{found.user.get_username()} reviews this box now.")
    given = samples.label_box(box, text, reviewer(user))
    release(user, box_id)
    return given


def undo(user: User) -> tuple[Label, Box] | None:
    """Take back the user's last label that still stands, whenever it was given; its box is the user's again.

    None when there is none. A box that was labelled again by somebody since is left alone.
    """
    while True:
        last = standing_labels(user).first()
        if last is None or last.sample.box is None:
            return None
        box = last.sample.box
        with transaction.atomic():
            if locked(box.submission_id) is None or not standing_labels(user).filter(pk=last.pk).exists():
                continue  # deleted or undone a moment ago
            samples.undo(last, reviewer(user))
            hold(box.pk, user)
        return last, box


def standing_labels(user: User) -> QuerySet[Label]:
    """What the user said in review and nobody changed since, newest first."""
    effective = Label.objects.filter(undoes=None, undone_by=None)
    later = effective.filter(sample=OuterRef("sample"), id__gt=OuterRef("pk"))
    mine = effective.filter(user=user, via=Label.Via.REVIEW, sample__box__isnull=False).exclude(text="")
    return mine.exclude(Exists(later)).select_related("sample__box__submission").order_by("-id")


def confirm(user: User, readings: QuerySet[Reading]) -> Confirmed:
    """Confirm readings in bulk, at most ``CONFIRMED_AT_ONCE``. Skipped is what was not read as a digit, what
    another reviewer holds, and what was labelled or deleted meanwhile."""
    wanted = list(readings.values_list("pk", flat=True)[:CONFIRMED_AT_ONCE])
    count = 0
    for start in range(0, len(wanted), BATCH):
        with transaction.atomic():  # short ones: others want to write, too
            batch = waiting().filter(pk__in=wanted[start : start + BATCH], state=Reading.State.READ)
            locks = ReviewLock.objects.filter(box=OuterRef("box"), until__gt=timezone.now())
            free = batch.exclude(Exists(locks.exclude(user=user)))
            for reading in free.select_related("box").defer("probabilities"):
                count += _confirmed(reading, user)
    return Confirmed(count, len(wanted) - count)


def _confirmed(reading: Reading, user: User) -> bool:
    if locked(reading.box.submission_id) is None or not waiting().filter(pk=reading.pk).exists():
        return False
    samples.label_box(reading.box, reading.digit, reviewer(user), Label.Via.BULK)
    return True


def relabel_all(user: User, rows: QuerySet[Sample], text: str | None) -> Confirmed:
    """Give many samples one label, at most ``CONFIRMED_AT_ONCE``; None: what was read, empty: withdraw.
    Skipped is what has that label already, or was not read as a digit."""
    wanted = list(rows.order_by("id").values_list("pk", flat=True)[:CONFIRMED_AT_ONCE])
    count = 0
    for start in range(0, len(wanted), BATCH):
        with transaction.atomic():
            batch = Sample.objects.filter(pk__in=wanted[start : start + BATCH]).select_related("box")
            batch = batch.defer("strokes", "picture", "glyph", "box__strokes", "box__picture")
            read = Reading.objects.filter(
                box=OuterRef("box"), model=OuterRef("box__submission__model"), state=Reading.State.READ
            )
            for sample in batch.annotate(read_as=Subquery(read.values("digit")[:1])):
                says = sample.read_as if text is None else text
                if says is not None and says != sample.digit:
                    samples.relabel(sample, says, reviewer(user), Label.Via.BULK)
                    count += 1
    return Confirmed(count, len(wanted) - count)


def reviewer(user: User) -> Reviewer:
    return Reviewer(user.get_username(), user)


# --- Progress -------------------------------------------------------------------------------------


def progress(user: User) -> Progress:
    return Progress(left=waiting().order_by()[:COUNTED].count(), seconds_each=_pace(user))


def _pace(user: User) -> float | None:
    """Seconds a label, by the reviewer's last ones; None before there are a few."""
    recent = Label.objects.filter(user=user, via=Label.Via.REVIEW, undoes=None).order_by("-id")
    times = list(recent.values_list("at", flat=True)[:RECENT])
    between = [(later - earlier).total_seconds() for later, earlier in pairwise(times)]
    between = [seconds for seconds in between if seconds <= PAUSE]
    return median(between) if len(between) >= 3 else None
