"""Celery's tasks: thin, because the job is in the database and a message only rings for it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from celery import Task, shared_task

from phonereader.jobs import runner, stopping, sweeper, turns
from phonereader.jobs.bell import ring_now
from phonereader.jobs.callbacks.deliver import couriers
from phonereader.jobs.lease import hard_time_limit
from phonereader.jobs.states import Kind
from phonereader.jobs.worker import process_name


def job_task(name: str, kind: Kind, work: Callable[[], runner.Work]) -> "Task[..., None]":
    """The task of a kind of job. It takes the job's id, and lets pass what a later version may add."""

    @shared_task(name=name, time_limit=hard_time_limit(kind))
    def run(job_id: str, **_later: Any) -> None:
        if stopping.told():
            ring_now(UUID(job_id), kind)  # for another worker
        else:
            runner.run(job_id, work(), process_name(), turns.claim)

    return run


@shared_task(name="jobs.deliver")
def deliver(delivery_id: str, **_later: Any) -> None:
    if not stopping.told():  # else it is left to the sweeper
        couriers.put(UUID(delivery_id))


@shared_task(name="jobs.sweep")
def sweep(**_later: Any) -> None:
    sweeper.sweep()
