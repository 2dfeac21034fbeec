"""A new process of a worker gives back what killed processes of the same worker held."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.db.models.functions import Now

from phonereader.jobs import lifecycle, worker
from phonereader.jobs.models import Job, WorkerProcess
from phonereader.jobs.states import State
from tests.jobs.conftest import reread

pytestmark = pytest.mark.core

NAME = worker.process_name().rpartition("/")[0]


@pytest.fixture
def dead() -> str:
    """The name of a process that was, and is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{NAME}/{process.pid}"


@pytest.fixture
def living() -> Iterator[str]:
    """The name of another process that lives."""
    process = subprocess.Popen(["sleep", "600"])
    yield f"{NAME}/{process.pid}"
    process.kill()
    process.wait()


def test_the_job_of_a_dead_process_is_queued_at_once(job: Job, dead: str) -> None:
    lifecycle.claim(job.id, dead)
    worker.recover_from_the_dead()
    row = reread(job)
    assert (row.state, row.attempt) == (State.QUEUED, 1)
    assert dead in row.transitions.get(revision=row.revision).reason


def test_a_process_that_begins_holds_nothing_yet(job: Job) -> None:
    """In a container that started again, numbers of processes repeat."""
    lifecycle.claim(job.id, f"{NAME}/{os.getpid()}")
    worker.recover_from_the_dead()
    assert reread(job).state == State.QUEUED


def test_the_jobs_of_the_living_and_of_other_workers_are_left_alone(job: Job, dead: str, living: str) -> None:
    other = lifecycle.create(lifecycle.Kind.RECOGNITION)
    lifecycle.claim(job.id, living)
    lifecycle.claim(other.id, dead.replace(NAME, "elsewhere"))
    worker.recover_from_the_dead()
    assert reread(job).state == reread(other).state == State.RUNNING


def test_a_dead_process_is_no_longer_listed(dead: str, living: str, transactional_db: None) -> None:
    for name in (dead, living):
        WorkerProcess.objects.create(name=name, queue="recognition", started_at=Now(), seen_at=Now())
    worker.recover_from_the_dead()
    assert [process.name for process in WorkerProcess.objects.all()] == [living]
