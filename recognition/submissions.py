"""Taking in a number: one transaction stores the ink and its job, and the bell rings when it commits."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from phonereader.jobs import lifecycle, turns
from phonereader.jobs.bell import ring_on_commit
from phonereader.jobs.models import Job
from phonereader.jobs.states import TERMINAL, Kind, Priority, State
from recognition.doubts import locked
from recognition.models import Box, Submission


class Overloaded(Exception):
    """More jobs wait than the set number."""


class KeyReused(Exception):
    """The idempotency key belongs to a request with another content."""


@dataclass(frozen=True)
class SentBox:
    """A box as it was sent, already checked: a JSON object with strokes, or a picture's bytes."""

    strokes: dict[str, Any] | None = None
    picture: bytes | None = None

    def digest(self) -> bytes:
        if self.picture is not None:
            return hashlib.sha256(self.picture).digest()
        return hashlib.sha256(json.dumps(self.strokes, sort_keys=True).encode()).digest()


@dataclass(frozen=True)
class Sender:
    """Who submits, and how."""

    caller: str
    source: str
    user: AbstractBaseUser | None = None
    idempotency_key: str | None = None
    priority: Priority = Priority.INTERACTIVE
    callback_url: str = ""


def submit(boxes: Sequence[SentBox], region: str, contributed: bool, sender: Sender) -> Job:
    """Store a number with its queued job. The same idempotency key and caller get the same job.

    Raises ``Overloaded``, or ``KeyReused`` when the key came with another content before.
    """
    fields = f"{region}|{contributed}" + (f"|{sender.callback_url}" if sender.callback_url else "")
    digest = hashlib.sha256(b"".join(box.digest() for box in boxes) + fields.encode()).hexdigest()
    known = _known(sender, digest)
    if known is not None:
        return known
    # Bulk that waits keeps no interactive submission out.
    waiting = turns.waiting(Kind.RECOGNITION).filter(priority__lte=sender.priority)
    if waiting[settings.JOB_WAITING_LIMIT - 1 : settings.JOB_WAITING_LIMIT].exists():
        raise Overloaded
    try:
        with transaction.atomic():
            return _store(boxes, region, contributed, sender, digest)
    except IntegrityError:  # the same request, a moment earlier
        known = _known(sender, digest)
        if known is None:
            raise
        return known


@transaction.atomic
def forget(job: Job, actor: str) -> None:
    """Delete drawing, reading and corrections for good; the job stays as an empty shell that says so."""
    ended = Job.objects.filter(id=job.id, state__in=TERMINAL)
    while not ended.update(result=None, error=None, forgotten_at=Now()):  # from then on nobody retries it
        if not job.ended:  # a worker may end it first
            lifecycle.transition(job, State.CANCELLED, actor=actor, reason="deleted by its owner")
        job.refresh_from_db()
    locked(job.id)
    Submission.objects.filter(job=job).delete()


def _store(boxes: Sequence[SentBox], region: str, contributed: bool, sender: Sender, digest: str) -> Job:
    job = lifecycle.create(
        Kind.RECOGNITION,
        priority=sender.priority,
        user=sender.user,
        caller=sender.caller,
        idempotency_key=sender.idempotency_key,
        request_digest=digest,
        callback_url=sender.callback_url,
    )
    submission = Submission.objects.create(
        job=job, source=sender.source, region=region, contributed=contributed
    )
    Box.objects.bulk_create(
        Box(submission=submission, position=position, strokes=box.strokes, picture=box.picture)
        for position, box in enumerate(boxes, 1)
    )
    ring_on_commit(job.id, job.kind)
    job.refresh_from_db(fields=["created_at"])
    return job


def _known(sender: Sender, digest: str) -> Job | None:
    if sender.idempotency_key is None:
        return None
    job = Job.objects.filter(caller=sender.caller, idempotency_key=sender.idempotency_key).first()
    if job is not None and job.request_digest != digest:
        raise KeyReused
    return job
