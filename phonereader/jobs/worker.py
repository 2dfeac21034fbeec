"""What the worker processes of every queue share: they report themselves, and sweep when they start."""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import signals
from django.conf import settings
from django.db import Error, close_old_connections, connection, connections
from django.db.models import QuerySet
from django.db.models.functions import Now

from phonereader.jobs import lifecycle, sweeper
from phonereader.jobs.models import Job, WorkerProcess
from phonereader.jobs.states import State

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
LOOK_SECONDS = 1.0
"""How often a process looks which model version it should hold; a change is reported at once."""
ALIVE_SECONDS = 15.0
"""A process that has not reported itself for so long counts as gone."""

_parent: dict[str, Any] = {"name": "worker", "queues": frozenset()}


@signals.celeryd_after_setup.connect
def _remember_parent(sender: str, instance: Any, **_kwargs: Any) -> None:
    # In the parent, before it forks: the children cannot ask Celery for this.
    _parent.update(name=sender, queues=frozenset(instance.app.amqp.queues.consume_from))


def listens_to(queue: str) -> bool:
    """Whether this worker process takes jobs from ``queue``."""
    return queue in _parent["queues"]


def process_name() -> str:
    """Names this process in leases, logs and the admin."""
    return f"{_parent['name']}/{os.getpid()}"


@signals.worker_process_init.connect
def _take_over(**_kwargs: Any) -> None:
    """In each new child, before it gets itself ready: see to what others left behind."""
    try:
        recover_from_the_dead()
        sweeper.sweep(process_name())
    except Error as error:
        log.warning("not swept: %s", error)
        connection.close()


def recover_from_the_dead() -> None:
    """Give back what killed processes of this worker held, without waiting for their leases to run out.

    They are known by their numbers, so two workers of one name must not share a machine's name.
    """
    ours = f"{_parent['name']}/"
    for job in Job.objects.filter(state=State.RUNNING, worker__startswith=ours):
        if gone(job.worker):
            lifecycle.give_back(job, process_name(), f"the process of {job.worker} is gone")
    for process in WorkerProcess.objects.filter(name__startswith=ours):
        if gone(process.name):
            process.delete()


def gone(name: str) -> bool:
    """Whether the process of this name, one of this worker's on this machine, is no more."""
    pid = int(name.rpartition("/")[2])
    if pid == os.getpid():  # an earlier process of the same number: this one has only begun
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's process
        return True
    return False


def start(queue: str, model_version: Callable[[], int | None]) -> None:
    """Called in a worker's child once it is ready to take jobs: keep the connection, report.

    ``model_version`` is asked every LOOK_SECONDS, in a thread of its own.
    """
    if "pool" not in settings.DATABASES["default"].get("OPTIONS", {}):
        connections["default"].settings_dict["CONN_MAX_AGE"] = None  # one thread, one lasting connection
    try:
        report(queue, model_version())
    except Error as error:
        log.warning("not reported: %s", error)
        close_old_connections()
    threading.Thread(target=_keep_reporting, args=(queue, model_version), name="alive", daemon=True).start()


def report(queue: str, model_version: int | None) -> None:
    fresh = {"seen_at": Now(), "model_version": model_version}
    WorkerProcess.objects.update_or_create(
        name=process_name(), defaults=fresh, create_defaults={**fresh, "queue": queue, "started_at": Now()}
    )


def _keep_reporting(queue: str, model_version: Callable[[], int | None]) -> None:
    pause = threading.Event()
    told, at = None, -BEAT_SECONDS
    while not pause.wait(LOOK_SECONDS):
        try:
            holds = model_version()
            if holds != told or time.monotonic() - at >= BEAT_SECONDS:
                report(queue, holds)
                told, at = holds, time.monotonic()
        except Error as error:
            log.warning("not reported: %s", error)
            connection.close()


@signals.worker_process_shutdown.connect
def _sign_off(**_kwargs: Any) -> None:
    try:
        WorkerProcess.objects.filter(name=process_name()).delete()
    except Error:
        log.info("not signed off: the database is away")


def alive(queue: str | None = None) -> QuerySet[WorkerProcess]:
    """The processes that listened to ``queue``, or to any, a moment ago."""
    found = WorkerProcess.objects.filter(seen_at__gt=Now() - timedelta(seconds=ALIVE_SECONDS))
    return found if queue is None else found.filter(queue=queue)
