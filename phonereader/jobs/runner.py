"""Running one job in a worker: claim it, keep its lease, do the work, write the result once."""

import logging
from collections.abc import Callable
from copy import copy
from typing import Any, Protocol
from uuid import UUID

from django.db import InterfaceError, OperationalError, close_old_connections, transaction

from phonereader import logs
from phonereader.jobs import lifecycle
from phonereader.jobs.bell import ring_now
from phonereader.jobs.lease import Cancelled, Lease, LeaseLost, Stopping, TimeLimit
from phonereader.jobs.models import Job
from phonereader.jobs.states import State

__all__ = [
    "Cancelled",
    "ExpectedError",
    "Lease",
    "LeaseLost",
    "Stopping",
    "TimeLimit",
    "Work",
    "run",
]

log = logging.getLogger(__name__)


class ExpectedError(Exception):
    """The data is at fault, not the program: the job fails with this code and detail."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class Ended(Exception):
    """The process was told to end at once."""


class Work(Protocol):
    """What a kind of job is to do; the runner does everything else."""

    def prepare(self) -> None:
        """Make ready whatever the work needs; a job is claimed only afterwards."""

    def run(self, job: Job, lease: Lease) -> Any:
        """Do the work, writing nothing. Long work calls ``lease.check()`` several times a second."""

    def save(self, job: Job, outcome: Any) -> dict[str, Any]:
        """Write the outcome, within the transaction that makes the job succeed; return the job's result."""


Claim = Callable[[UUID | str, str], Job | None]
"""Takes a job for a worker: the very one, or another whose turn it is."""


def run(job_id: UUID | str, work: Work, worker: str, claim: Claim = lifecycle.claim) -> State | None:
    """Run the job if it can be claimed; the state it was given, or None when it was not this worker's."""
    close_old_connections()
    work.prepare()
    job = claim(job_id, worker)
    if job is None:
        return None
    with logs.about(job=str(job.id), worker=worker):
        return do(job, work, worker)


def do(job: Job, work: Work, worker: str) -> State | None:
    """Do the work of a claimed job, and write what becomes of it."""
    lease = Lease(job, before_kill=lambda stop: settle(copy(job), stop, worker))
    try:
        with lease:
            outcome = work.run(job, lease)
        with transaction.atomic():
            result = work.save(job, outcome)
            ended = copy(job)  # job itself stays as claimed, should the commit fail
            if not lifecycle.succeed(ended, result, worker):
                raise LeaseLost  # rolls back what save() wrote
        return State.SUCCEEDED
    except SystemExit:  # raised anywhere by Celery's hard time limit and its cold shutdown
        settle(job, lease.over_limit() or Ended(), worker)
        raise
    except Exception as error:
        return State(job.state) if settle(job, error, worker) else None


def settle(job: Job, error: Exception, worker: str) -> bool:
    """Write what becomes of a claimed job whose work did not succeed; whether it was still this worker's."""
    try:
        return _settle(job, error, worker)
    except (OperationalError, InterfaceError) as away:
        # The lease runs out, and the sweeper puts the job back.
        log.warning("job %s: the database is away (%s); left to the sweeper", job.id, away)
        return False


def _settle(job: Job, error: Exception, worker: str) -> bool:
    match error:
        case LeaseLost():
            log.warning("job %s: the lease was lost; the late result is discarded", job.id)
            return False
        case Cancelled():
            return lifecycle.transition(job, State.CANCELLED, actor=worker, reason="cancelled while it ran")
        case Stopping():
            done = lifecycle.hand_back(job, worker, "the worker stops; this attempt does not count")
            if done and job.state == State.QUEUED:
                ring_now(job.id, job.kind)
            return done
        case Ended():
            return lifecycle.give_back(job, worker, "its process was ended")
        case TimeLimit():
            return lifecycle.fail(job, "internal", "time_limit", str(error), worker)
        case ExpectedError():
            return lifecycle.fail(job, "expected", error.code, error.detail, worker)
        case OperationalError() | InterfaceError():  # not the job's fault
            log.exception("job %s: the database failed", job.id, exc_info=error)
            close_old_connections()
            return lifecycle.give_back(job, worker, f"the database failed: {error}")
        case _ if not lifecycle.held(job).exists():  # whoever has it now was there first
            return _settle(job, LeaseLost(), worker)
        case _:
            log.exception("job %s failed", job.id, exc_info=error)
            detail = f"The program failed while it worked on this ({type(error).__name__})."
            return lifecycle.fail(job, "internal", "bug", detail, worker)
