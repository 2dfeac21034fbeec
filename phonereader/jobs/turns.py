"""Whose turn it is in a queue: which job a ring of the bell starts, and how long the others have to wait.

The broker knows no order, because it may lose or double its messages and each broker has its own idea of
priority. So each ring stands for one claim, and the database says for which job: whoever rings for a bulk
job starts an interactive one if any waits, and whoever rings for a job that was started meanwhile starts
the next in turn in its stead. Thus there are never fewer rings than jobs; see docs/decisions/priority.md.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from phonereader.jobs import lifecycle, tally, worker
from phonereader.jobs.models import Job
from phonereader.jobs.states import Kind, Priority, State

CANDIDATES = 10
"""Jobs that a ring tries to claim; it loses those that others claim at the same moment."""
FARTHEST = 1000
"""The last position that is told; whoever waits behind is told this one."""
GUESSED = {Kind.RECOGNITION: 1.0, Kind.TRAINING: 120.0, Kind.TRANSFER: 10.0}
"""Seconds that a job takes, as long as none of its kind has ended yet."""


def claim(job_id: UUID | str, worker_name: str) -> Job | None:
    """Take the job that was rung for, or the one whose turn it is, under a lease; None if there is none.

    Only recognitions have turns: trainings run one at a time, and whoever rings for one means it.
    """
    rung = Job.objects.filter(id=job_id).first()
    if rung is None:
        return None
    if rung.kind != Kind.RECOGNITION:
        return lifecycle.take(rung, worker_name)
    for job in in_turn(rung):
        taken = lifecycle.take(job, worker_name)
        if taken is not None:
            return taken
    return None


def in_turn(rung: Job) -> Iterator[Job]:
    """The jobs that a ring may start, best first. As a rule the first is the one that was rung for."""
    others = waiting(rung.kind).filter(Q(not_before=None) | Q(not_before__lte=Now())).exclude(id=rung.id)
    if rung.priority != Priority.INTERACTIVE:
        yield from others.filter(priority__lt=rung.priority)[:CANDIDATES]
    yield rung
    yield from others[:CANDIDATES]


def waiting(kind: str) -> QuerySet[Job]:
    """The queued jobs of a kind, in turn."""
    return Job.objects.filter(kind=kind, state=State.QUEUED).order_by("priority", "id")


# --- How long it takes ----------------------------------------------------------------------------


def place(job: Job) -> dict[str, Any] | None:
    """Where a queued job stands and in about how many seconds it will have ended; None if nobody listens."""
    if job.state != State.QUEUED:
        return None
    listening = worker.alive(settings.JOB_QUEUES[job.kind])
    if job.kind == Kind.RECOGNITION:
        listening = listening.filter(model_version__isnull=False)
    workers = listening.count()
    if not workers:
        return None
    if job.kind == Kind.TRAINING:
        workers = 1  # one at a time, however many could
    before = Q(priority__lt=job.priority) | Q(priority=job.priority, id__lt=job.id)
    ahead = waiting(job.kind).filter(before, priority__lte=job.priority)[: FARTHEST - 1].count()
    running = Job.objects.filter(kind=job.kind, state=State.RUNNING).count()
    seconds = tally.seconds_a_job(tally.counts(), job.kind) or GUESSED[Kind(job.kind)]
    rounds = (ahead + running) // workers + 1
    return {"position": ahead + 1, "expected_seconds": round(rounds * seconds, 1)}
