"""What a message holds: a job's id, and whatever a later version of the program may add."""

import inspect
from uuid import UUID

import pytest

from phonereader.celery import app
from phonereader.jobs import bell, lifecycle, stopping
from phonereader.jobs.models import Job
from phonereader.jobs.states import Kind, State
from recognition.tasks import read
from tests.jobs.conftest import reread

pytestmark = pytest.mark.core


def test_every_task_takes_at_most_an_id_and_lets_pass_what_it_does_not_know() -> None:
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert {"recognition.read", "jobs.sweep"} <= set(ours)
    for name, task in ours.items():
        known = dict(inspect.signature(task.run).parameters)
        kinds = [parameter.kind for parameter in known.values()]
        assert kinds.pop() == inspect.Parameter.VAR_KEYWORD, name
        assert len(kinds) <= 1, name
        assert all(parameter.endswith("_id") for parameter in list(known)[:-1]), name


@pytest.mark.parametrize("kind", bell.TASKS)
def test_every_kind_of_job_has_a_task_with_a_hard_time_limit(kind: Kind) -> None:
    app.loader.import_default_modules()
    task = app.tasks[bell.TASKS[kind]]
    assert task.time_limit


def test_a_message_of_a_later_version_is_understood(job: Job) -> None:
    """The job has no number to read, so that it fails; but it ran."""
    read.apply(args=[str(job.id)], kwargs={"priority": 3})
    assert (reread(job).state, reread(job).attempt) == (State.FAILED, 1)


def test_a_message_for_a_job_that_is_no_more_is_harmless(transactional_db: None) -> None:
    assert read.apply(args=[str(UUID(int=1))]).successful()


def test_a_worker_that_stops_passes_the_ring_on(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(bell, "send", lambda _task, job_id, _broker: rung.append(job_id))
    stopping.tell(60)
    try:
        read.apply(args=[str(job.id)])
    finally:
        stopping.forget()
    assert rung == [str(job.id)]
    assert (reread(job).state, reread(job).revision) == (State.QUEUED, 0)
    assert lifecycle.claim(job.id, "another") is not None
