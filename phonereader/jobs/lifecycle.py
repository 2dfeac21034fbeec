"""The life of a job. ``transition`` is the one function that changes a state; the rest says when.

Every change is a compare-and-set on the row as it was read, so of two who act on the same job one
wins and the other learns that it lost. Leases are reckoned by the database's clock alone.
"""

import logging
import random
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from phonereader.jobs import hints
from phonereader.jobs.bell import ring_on_commit
from phonereader.jobs.callbacks import due
from phonereader.jobs.models import Job, Transition
from phonereader.jobs.states import MOVES, TERMINAL, Kind, State

log = logging.getLogger(__name__)

FIRST_RING = timedelta(seconds=5)
"""How long a published job may stay unclaimed before the sweeper rings for it."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds of the longest wait before a third attempt, doubled with each further one, and its limit."""


def in_seconds(seconds: float) -> Any:
    """A moment from now, by the database's clock."""
    return Now() + timedelta(seconds=seconds)


def create(kind: Kind, **fields: Any) -> Job:
    """Add a queued job; the caller owns the transaction and rings the bell when it has committed."""
    fields.setdefault("max_attempts", settings.JOB_MAX_ATTEMPTS)
    job = Job.objects.create(kind=kind, created_at=Now(), due_at=Now() + FIRST_RING, **fields)
    Transition.objects.create(
        job=job, revision=0, at=Now(), after=State.QUEUED, attempt=0, actor=job.caller or "system"
    )
    accepted = partial(log.info, "job %s new -> queued by %s", job.id, job.caller or "system")
    transaction.on_commit(partial(accepted, extra={"job": str(job.id)}))
    return job


@transaction.atomic
def transition(
    job: Job, to: State, *, actor: str, reason: str = "", where: Q | None = None, **changes: Any
) -> bool:
    """Move ``job`` to ``to`` if its row still is as ``job`` says; False when somebody was faster.

    ``where`` adds a condition to the compare-and-set, ``changes`` are set with it. On success ``job``
    carries the new state and revision (fields set by a database expression are read again).
    """
    before = State(job.state)
    if to not in MOVES[before]:
        raise ValueError(f"A job does not go from {before} to {to}.")
    changes |= {"state": to, "revision": job.revision + 1}
    if to in TERMINAL:
        changes |= {"finished_at": Now()}
    if to is not State.RUNNING:
        changes |= {"lease_until": None, "worker": ""}
    if to is not State.QUEUED:
        changes |= {"due_at": None, "not_before": None}
    as_read = Q(id=job.id, state=before, attempt=job.attempt, revision=job.revision)
    rows = Job.objects.filter(as_read if where is None else as_read & where)
    if rows.update(**changes) != 1:
        return False
    for name, value in changes.items():
        if not hasattr(value, "resolve_expression"):
            setattr(job, name, value)
    Transition.objects.create(
        job=job,
        revision=job.revision,
        at=Now(),
        before=before,
        after=to,
        attempt=job.attempt,
        actor=actor[:200],
        reason=reason[:500],
    )
    if to in TERMINAL and job.callback_url:
        due.announce(job)
    log.info("job %s %s -> %s by %s %s", job.id, before, to, actor, reason, extra={"job": str(job.id)})
    hints.changed(job.id)
    return True


def claim(job_id: UUID | str, worker: str) -> Job | None:
    """Take a queued job under a lease; None when it is not (or no longer, or not yet) to be had."""
    job = Job.objects.filter(id=job_id, state=State.QUEUED).first()
    return None if job is None else take(job, worker)


def take(job: Job, worker: str) -> Job | None:
    """``claim`` for a row that was read a moment ago."""
    if job.state != State.QUEUED:
        return None
    if job.cancel_requested:
        transition(job, State.CANCELLED, actor=worker, reason="cancelled before it started")
        return None
    try:
        won = transition(
            job,
            State.RUNNING,
            actor=worker,
            where=Q(cancel_requested=False) & (Q(not_before=None) | Q(not_before__lte=Now())),
            attempt=job.attempt + 1,
            started_at=Now(),
            lease_until=in_seconds(settings.JOB_LEASE_SECONDS),
            worker=worker[:200],
            progress=0.0,
        )
    except IntegrityError:  # another training runs: this one waits in the queue
        return None
    return job if won else None


def renew(job: Job) -> bool:
    """Extend the lease; False when the job is no longer this worker's."""
    return held(job).update(lease_until=in_seconds(settings.JOB_LEASE_SECONDS)) == 1


def report_progress(job: Job, progress: float) -> bool:
    """Set the progress (0 to 1); False when the job is no longer this worker's."""
    ours = held(job).update(progress=min(max(progress, 0.0), 1.0)) == 1
    hints.changed(job.id)
    return ours


def held(job: Job) -> QuerySet[Job]:
    """The job's row, as long as it is this worker's."""
    return Job.objects.filter(id=job.id, state=State.RUNNING, revision=job.revision)


def cancel_wanted(job: Job) -> bool | None:
    """Whether somebody wants the end of the job; None when it is no longer this worker's."""
    return held(job).values_list("cancel_requested", flat=True).first()


def succeed(job: Job, result: dict[str, Any], actor: str) -> bool:
    return transition(job, State.SUCCEEDED, actor=actor, result=result, error=None, progress=1.0)


def fail(job: Job, kind: str, code: str, detail: str, actor: str, where: Q | None = None) -> bool:
    """``kind`` is "expected" for bad data, "internal" for a bug or a dead worker."""
    error = {"kind": kind, "code": code, "detail": detail}
    return transition(job, State.FAILED, actor=actor, reason=detail, where=where, error=error)


def give_back(job: Job, actor: str, reason: str, where: Q | None = None) -> bool:
    """A running job whose worker is gone, or cannot go on: queued again, cancelled, or failed at the cap."""
    if cancel_wanted(job):
        return transition(job, State.CANCELLED, actor=actor, reason="cancelled while it ran", where=where)
    if job.attempt >= job.max_attempts:
        detail = f"The worker was lost in each of {job.attempt} attempts ({reason})."
        return fail(job, "internal", "worker_lost", detail, actor, where=where)
    due = in_seconds(pause_after(job.attempt))
    return _queue_again(job, actor, reason, where, due_at=due, not_before=due)


def hand_back(job: Job, actor: str, reason: str) -> bool:
    """A running job that its worker lets go of unharmed: queued again, and the attempt does not count."""
    if cancel_wanted(job):
        return transition(job, State.CANCELLED, actor=actor, reason="cancelled while it ran")
    return _queue_again(job, actor, reason, None, due_at=Now() + FIRST_RING, attempt=job.attempt - 1)


def _queue_again(job: Job, actor: str, reason: str, where: Q | None, **changes: Any) -> bool:
    """Unless somebody wants its end since a moment ago; the lease then runs out, and the job is cancelled."""
    wanted = Q(cancel_requested=False) if where is None else where & Q(cancel_requested=False)
    return transition(job, State.QUEUED, actor=actor, reason=reason, where=wanted, rings=0, **changes)


def pause_after(attempt: int) -> float:
    """Seconds until the next attempt. None after the first: a single crash is to delay little.

    Then a random part of a limit that doubles: what failed together is not tried again together.
    """
    if attempt <= 1:
        return 0.0
    longest = min(FIRST_PAUSE * 2 ** min(attempt - 2, 30), LONGEST_PAUSE)
    return random.uniform(0, longest)  # noqa: S311 (no secret)


@transaction.atomic
def retry(job: Job, actor: str) -> bool:
    """Queue a failed job again, its attempts counted anew; False when it has not failed, or was deleted."""
    if job.state != State.FAILED:
        return False
    anew: dict[str, Any] = {"attempt": 0, "progress": 0.0, "rings": 0, "cancel_requested": False}
    anew |= {"error": None, "result": None, "started_at": None, "finished_at": None}
    won = transition(
        job,
        State.QUEUED,
        actor=actor,
        reason="tried again by staff",
        where=Q(forgotten_at=None),
        due_at=Now() + FIRST_RING,
        **anew,
    )
    if won:
        ring_on_commit(job.id, job.kind)
    return won


@transaction.atomic
def cancel(job: Job, actor: str) -> Job:
    """Ask for the end of a job: at once while it is queued, soon while it runs, nothing once it ended."""
    Job.objects.filter(id=job.id).exclude(state__in=TERMINAL).update(cancel_requested=True)
    job.refresh_from_db()
    if job.state == State.QUEUED:
        transition(job, State.CANCELLED, actor=actor, reason="cancelled while it waited")
        job.refresh_from_db()
    return job
