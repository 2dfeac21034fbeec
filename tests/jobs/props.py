"""A broker and some work whose behaviour a test decides."""

import threading
from typing import Any
from uuid import UUID

from django.db import OperationalError
from django.db.models.functions import Now

from phonereader.jobs import bell, runner
from phonereader.jobs.models import Job, WorkerProcess
from tests.jobs.actors import Actor, pause

ALL_HEARD = UUID(int=0)


class Broker:
    """Delivers what it was given late, again and again, or never; it may fall silent."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.silent = False
        self.all_heard = threading.Event()

    def send(self, _task: str, job_id: str, _connection: object) -> None:
        if job_id == str(ALL_HEARD):
            self.all_heard.set()
            return
        pause("before it publishes")
        if self.silent:
            raise OSError("the broker is silent")
        self.messages.append(job_id)

    def hear(self) -> None:
        """Wait until the bell's own thread has dealt with all that was rung."""
        self.all_heard.clear()
        for _ in range(2000):  # a silent broker drops what waits, this ring too
            bell.bell.ring("nothing", ALL_HEARD)
            if self.all_heard.wait(0.005):
                return
        raise AssertionError("the bell is broken")


class Work:
    """Does what its actor is told to, and writes a row of its own, as real work does."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def prepare(self) -> None: ...

    def run(self, job: Job, lease: runner.Lease) -> str:
        vars(self.actor).update(held=(job.id, job.revision), lease=lease)
        self.actor.pause("at work")
        match self.actor.order:
            case "expected":
                raise runner.ExpectedError("bad_ink", "Box 3 is damaged.")
            case "bug":
                raise ZeroDivisionError
            case "database":
                raise OperationalError("gone")
            case "stop":
                raise runner.Stopping
        if self.actor.order != "finish unheeding":
            lease.check()
        return f"{job.id} by {self.actor.name}"

    def save(self, job: Job, outcome: str) -> dict[str, Any]:
        # Any row would do; these have no link to a job that would keep a second one out.
        WorkerProcess.objects.create(name=outcome, queue="", started_at=Now(), seen_at=Now())
        return {"by": self.actor.name}
