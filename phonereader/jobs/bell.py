"""Ringing the bell: telling the workers through the broker that a job waits.

A request never waits for the broker. Each web process has one thread that publishes; when the broker
is away the ring is dropped with a warning, and the sweeper rings again: the job is in the database.
"""

import logging
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.db import transaction
from kombu import Connection

from phonereader.celery import app
from phonereader.jobs.outbox import Outbox
from phonereader.jobs.states import Kind

log = logging.getLogger(__name__)

TASKS = {
    Kind.RECOGNITION: "recognition.read",
    Kind.TRAINING: "training.train",
    Kind.TRANSFER: "transfers.run",
}
"""The task of each kind of job; its name begins with its queue's."""

PATIENCE = 1.0
"""Seconds that one ring may wait for a silent broker."""


def connection(patience: float = PATIENCE) -> Connection:
    """A connection to the broker that gives up after ``patience`` seconds."""
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, "socket_timeout": patience}
    options |= {name: patience for name in ("socket_connect_timeout", "connect_timeout") if name in options}
    return Connection(settings.CELERY_BROKER_URL, connect_timeout=patience, transport_options=options)


def send(task: str, job_id: str, broker: Connection) -> None:
    """Publish one ring; raises whatever the transport raises."""
    app.send_task(task, args=[job_id], connection=broker, retry=False)


class Bell:
    """Rings in order, from a thread of its own."""

    def __init__(self) -> None:
        self._outbox: Outbox[tuple[str, str]] = Outbox(
            "bell", self._ring, self._hang_up, "rings left to the sweeper"
        )

    @cached_property
    def _connection(self) -> Connection:
        return connection()

    def ring(self, task: str, row_id: UUID) -> None:
        """Have the task rung for, with the id of its row; returns at once."""
        self._outbox.put((task, str(row_id)))

    def _ring(self, ring: tuple[str, str]) -> None:
        send(*ring, self._connection)

    def _hang_up(self) -> None:
        stale = self.__dict__.pop("_connection", None)
        if stale is not None:
            stale.release()


bell = Bell()


def ring_now(job_id: UUID, kind: str) -> None:
    """Ring before this returns, for a process that is about to end; a broker that is away is no error."""
    try:
        with connection() as broker:
            send(TASKS[Kind(kind)], str(job_id), broker)
    except Exception as error:  # whatever the transport raises: the sweeper rings again
        log.warning("The broker does not answer (%s); a ring is left to the sweeper.", error)


def ring_on_commit(job_id: UUID, kind: str) -> None:
    """Ring once the present transaction has committed, and not at all when it rolls back."""
    task_on_commit(TASKS[Kind(kind)], job_id)


def task_on_commit(task: str, row_id: UUID) -> None:
    """``ring_on_commit`` for a row that is no job."""
    transaction.on_commit(lambda: bell.ring(task, row_id), robust=True)
