"""A worker's hold on the job it works on, and how the work learns that it is to stop."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from types import TracebackType

from django.conf import settings
from django.db import Error, connection

from phonereader.jobs import lifecycle, stopping
from phonereader.jobs.models import Job

log = logging.getLogger(__name__)

TICK = 0.4
"""Seconds between two looks at the job's row."""

GRACE = 5
"""Seconds that work has to heed the wish that it stop, before its process is killed."""


class Cancelled(Exception):
    """Somebody cancelled the job."""


class LeaseLost(Exception):
    """The job went to somebody else while this worker was away; nothing of it may be written."""


class TimeLimit(Exception):
    """The job took longer than its kind may."""


class Stopping(Exception):
    """The worker was told to stop: the job goes back to the queue, and the attempt does not count."""


Stop = Cancelled | LeaseLost | TimeLimit | Stopping


def time_limit(kind: str) -> int:
    """Seconds that one attempt of a job of this kind may take."""
    limit: int = settings.JOB_TIME_LIMITS[kind]
    return limit


def hard_time_limit(kind: str) -> int:
    """Celery's limit, for a process in which not even the lease's thread gets a turn any more."""
    return time_limit(kind) + 2 * GRACE


class Lease:
    """Holds a claimed job as long as the block runs.

    A thread renews the lease, writes the progress, and looks whether the work is to stop; ``check``
    only asks the thread, so that work may call it as often as it likes. Work that has not stopped
    when it must is ended together with its process; ``before_kill`` writes what becomes of the job.
    """

    def __init__(self, job: Job, before_kill: Callable[[Stop], object] = lambda _stop: None) -> None:
        self.job = job
        self._before_kill = before_kill
        self._limit = time_limit(job.kind)
        self._began = self._renewed = time.monotonic()
        self._stop: Stop | None = None
        self._progress: float | None = None
        self._over = threading.Event()
        context = copy_context()  # for the log
        self._thread = threading.Thread(
            target=context.run, args=[self._watch], name=f"lease-{job.id}", daemon=True
        )

    def check(self, progress: float | None = None) -> None:
        """Report progress, and raise ``Cancelled`` or its like when the work is to stop."""
        if progress is not None:
            self._progress = progress
        if self._stop is not None:
            raise self._stop

    def over_limit(self) -> TimeLimit | None:
        """What to raise when the time of the attempt is up."""
        if time.monotonic() - self._began <= self._limit:
            return None
        return TimeLimit(f"It was not done within its time limit of {self._limit} seconds.")

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    # --- In the thread ----------------------------------------------------------------------------

    def _watch(self) -> None:
        must_stop_by = 0.0
        try:
            while not self._over.wait(TICK):
                stop = self._keep()
                now = time.monotonic()
                if self._stop is None and stop is not None:
                    self._stop = stop
                    must_stop_by = stopping.deadline() if isinstance(stop, Stopping) else now + GRACE
                if self._stop is not None and now > must_stop_by:
                    self._end_process(self._stop)
        finally:
            connection.close()

    def _keep(self) -> Stop | None:
        """Keep the row as it should be, and find a reason to stop. A database that is away is none."""
        now = time.monotonic()
        try:
            held = True
            if self._progress is not None:
                progress, self._progress = self._progress, None
                held = lifecycle.report_progress(self.job, progress)
            if now - self._renewed > settings.JOB_LEASE_SECONDS / 3:
                held = held and lifecycle.renew(self.job)
                self._renewed = now
            wanted = lifecycle.cancel_wanted(self.job) if held else None
            if wanted is None:
                return LeaseLost()
            if wanted:
                return Cancelled()
        except Error as error:
            log.warning("job %s: lease not renewed: %s", self.job.id, error)
            connection.close()
        return self.over_limit() or (Stopping() if stopping.told() else None)

    def _end_process(self, stop: Stop) -> None:
        log.error(
            "job %s: %s, and its work does not stop: killing this process", self.job.id, type(stop).__name__
        )
        self._before_kill(stop)
        if not self._over.is_set():
            os.kill(os.getpid(), signal.SIGKILL)
