"""Ringing the bell: telling the workers through the broker that a job waits.

A request never waits for the broker. Each web process has one thread that publishes; when the broker
is away the ring is dropped with a warning, and the sweeper rings again: the job is in the database.
"""

import logging
import os
import queue
import threading
from contextlib import suppress
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.db import transaction
from kombu import Connection

from phonereader.celery import app
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
    """Rings in order, from a thread of its own that starts with the first ring of a process."""

    def __init__(self) -> None:
        self._pending: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._pid = 0

    @cached_property
    def _connection(self) -> Connection:
        return connection()

    def ring(self, job_id: UUID, kind: str) -> None:
        """Have the job's doorbell rung; returns at once."""
        with self._lock:
            if self._pid != os.getpid():  # first use, or first use after a fork, which takes no threads along
                self._pid = os.getpid()
                self._pending = queue.SimpleQueue()
                self.__dict__.pop("_connection", None)
                threading.Thread(target=self._run, name="bell", daemon=True).start()
        self._pending.put((TASKS[Kind(kind)], str(job_id)))

    def _run(self) -> None:
        while True:
            task, job_id = self._pending.get()
            try:
                try:
                    send(task, job_id, self._connection)
                except Exception:  # an idle connection that a restarted broker has forgotten, perhaps
                    self._hang_up()
                    send(task, job_id, self._connection)
            except Exception as error:  # whatever the transport raises: the sweeper rings again
                self._hang_up()
                dropped = 1 + self._drop_pending()
                log.warning("The broker does not answer (%s); %d rings left to the sweeper.", error, dropped)

    def _hang_up(self) -> None:
        stale = self.__dict__.pop("_connection", None)
        if stale is not None:
            with suppress(Exception):
                stale.release()

    def _drop_pending(self) -> int:
        dropped = 0
        while not self._pending.empty():
            self._pending.get()
            dropped += 1
        return dropped


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
    transaction.on_commit(lambda: bell.ring(job_id, kind), robust=True)
