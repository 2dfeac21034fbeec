"""The sweeper: finds jobs whose doorbell or worker was lost, and rings for them again.

Idempotent, and safe to run twice at once: every change is a compare-and-set. It runs every 5 s on
beat, when a worker process starts, and by ``manage.py sweep``.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Now

from phonereader.jobs import lifecycle, tally
from phonereader.jobs.bell import TASKS, connection, send
from phonereader.jobs.callbacks import due
from phonereader.jobs.models import Job, WorkerProcess
from phonereader.jobs.states import Kind, State

log = logging.getLogger(__name__)

BATCH = 1000
LONGEST_SILENCE = 60.0
"""Seconds between two rings for a job that nobody claims: a long queue is not flooded with doorbells."""


@dataclass
class Swept:
    recovered: int = 0
    """Running jobs whose lease had run out."""
    rung: int = 0
    """Queued jobs and due callbacks that were published again."""


def sweep(actor: str = "sweeper") -> Swept:
    """Recover every job that was lost track of, and bring the counts up to date.

    A broker that is away leaves the rest to the next run.
    """
    swept = Swept(recovered=recover_lost(actor))
    swept.rung = ring_again() + due.ring_again()
    tally.fold()
    WorkerProcess.objects.filter(seen_at__lt=Now() - timedelta(hours=1)).delete()
    if swept.recovered or swept.rung:
        log.info("swept: %d recovered, %d rung for again", swept.recovered, swept.rung)
    return swept


def recover_lost(actor: str) -> int:
    ran_out = Q(lease_until__lt=Now())
    lost = Job.objects.filter(ran_out, state=State.RUNNING)[:BATCH]
    return sum(
        lifecycle.give_back(job, actor, f"{tally.NO_SIGN} {job.worker} within its lease", where=ran_out)
        for job in lost
    )


def ring_again() -> int:
    due = Job.objects.filter(state=State.QUEUED, due_at__lte=Now(), kind__in=TASKS)
    rows = list(due.order_by("due_at").values_list("id", "kind", "rings")[:BATCH])
    if not rows:
        return 0
    rung = 0
    with connection() as broker:
        for job_id, kind, rings in rows:
            try:
                send(TASKS[Kind(kind)], str(job_id), broker)
            except Exception as error:  # whatever the transport raises; due_at stays, so the next sweep tries
                log.warning("The broker does not answer (%s); %d rings wait.", error, len(rows) - rung)
                break
            silence = min(LONGEST_SILENCE, 5.0 * 2 ** min(rings, 8))
            Job.objects.filter(id=job_id, state=State.QUEUED).update(
                due_at=lifecycle.in_seconds(silence), rings=F("rings") + 1
            )
            rung += 1
    return rung
