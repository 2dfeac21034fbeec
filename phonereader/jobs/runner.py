"""Running one job in a worker: claim it, keep its lease, do the work, write the result once."""

import logging
import threading
from copy import copy
from types import TracebackType
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction

from phonereader.jobs import lifecycle
from phonereader.jobs.models import Job
from phonereader.jobs.states import State

log = logging.getLogger(__name__)


class ExpectedError(Exception):
    """The data is at fault, not the program: the job fails with this code and detail."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class Cancelled(Exception):
    """Raised by work that noticed the wish to cancel."""


class LeaseLost(Exception):
    """The job went to somebody else while this worker was away; nothing of it may be written."""


class Work(Protocol):
    """What a kind of job is to do; the runner does everything else."""

    def prepare(self) -> None:
        """Make ready whatever the work needs; a job is claimed only afterwards."""

    def run(self, job: Job, lease: "Lease") -> Any:
        """Do the work, writing nothing. Long work calls ``lease.check()`` at least once a second."""

    def save(self, job: Job, outcome: Any) -> dict[str, Any]:
        """Write the outcome, within the transaction that makes the job succeed; return the job's result."""


class Lease:
    """Renews a claimed job's lease from a thread, as long as the block runs."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.lost = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease-{job.id}", daemon=True)

    def check(self, progress: float | None = None) -> None:
        """Report progress, and raise ``Cancelled`` or ``LeaseLost`` when the work is to stop."""
        if progress is not None and not lifecycle.report_progress(self.job, progress):
            self.lost = True
        if self.lost:
            raise LeaseLost
        if lifecycle.cancel_wanted(self.job):
            raise Cancelled

    def _renew(self) -> None:
        try:
            while not self._over.wait(settings.JOB_LEASE_SECONDS / 3):
                try:
                    self.lost = not lifecycle.renew(self.job)
                except DatabaseError as error:
                    log.warning("job %s: lease not renewed: %s", self.job.id, error)
                    connection.close()
                if self.lost:
                    return
        finally:
            connection.close()

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()


def run(job_id: UUID | str, work: Work, worker: str) -> State | None:
    """Run the job if it can be claimed; the state it was given, or None when it was not this worker's."""
    close_old_connections()
    work.prepare()
    job = lifecycle.claim(job_id, worker)
    if job is None:
        return None
    try:
        with Lease(job) as lease:
            outcome = work.run(job, lease)
        with transaction.atomic():
            result = work.save(job, outcome)
            ended = copy(job)  # job itself stays as claimed, should the commit fail
            if not lifecycle.succeed(ended, result, worker):
                raise LeaseLost  # rolls back what save() wrote
        return State.SUCCEEDED
    except LeaseLost:
        log.warning("job %s: the lease was lost; the late result is discarded", job.id)
        return None
    except Cancelled:
        done = lifecycle.transition(job, State.CANCELLED, actor=worker, reason="cancelled while it ran")
    except ExpectedError as error:
        done = lifecycle.fail(job, "expected", error.code, error.detail, worker)
    except DatabaseError as error:
        # Not the job's fault. Is the database still away, the lease runs out and the sweeper does this.
        log.exception("job %s: the database failed", job.id)
        close_old_connections()
        done = lifecycle.give_back(job, worker, f"the database failed: {error}")
    except Exception as error:
        log.exception("job %s failed", job.id)
        detail = f"The program failed while it worked on this ({type(error).__name__})."
        done = lifecycle.fail(job, "internal", "bug", detail, worker)
    return State(job.state) if done else None
