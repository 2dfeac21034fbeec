"""How the queues stand now: what waits, what runs, and who listens. Cheap however many jobs have ended."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Min
from django.db.models.functions import Now

from phonereader.jobs import worker
from phonereader.jobs.models import Job, WorkerProcess
from phonereader.jobs.states import Kind, State


@dataclass
class Queue:
    """One queue, with the kind of jobs that it serves."""

    name: str
    kind: Kind
    waiting: int
    running: int
    oldest: float | None
    """Seconds since the job was accepted that waits longest; None when none waits."""
    workers: list[WorkerProcess]


def queues() -> list[Queue]:
    """Every queue that jobs wait in, in three queries."""
    found = Job.objects.filter(state=State.QUEUED).values_list("kind")
    waiting = {
        row[0]: row[1:] for row in found.annotate(Count("id"), Min("created_at"), now=Now()).order_by()
    }
    found = Job.objects.filter(state=State.RUNNING).values_list("kind")
    running = dict(found.annotate(Count("id")).order_by())
    alive = list(worker.alive())
    queues = []
    for kind in Kind:
        name = settings.JOB_QUEUES[kind]
        count, since, now = waiting.get(kind, (0, None, None))
        workers = [process for process in alive if process.queue == name]
        queues.append(Queue(name, kind, count, running.get(kind, 0), age(since, now), workers))
    return queues


def running() -> dict[str, UUID]:
    """Which job each worker process works on."""
    return dict(Job.objects.filter(state=State.RUNNING).values_list("worker", "id"))


def age(since: datetime | None, now: datetime | None) -> float | None:
    return None if since is None or now is None else max(0.0, (now - since).total_seconds())
