"""Staff send a failed job back to the queue, by the API or from the admin."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from phonereader.jobs import lifecycle
from phonereader.jobs.models import Job
from phonereader.jobs.states import State
from recognition import submissions
from tests.jobs.conftest import reread

pytestmark = pytest.mark.core


@pytest.fixture
def failed(job: Job) -> Job:
    """A job that failed in its fifth attempt, whose submitter wanted it cancelled by then."""
    Job.objects.filter(id=job.id).update(attempt=4, rings=3)
    claimed = lifecycle.claim(job.id, "w1")
    assert claimed is not None
    lifecycle.cancel(reread(job), "me")
    assert lifecycle.fail(claimed, "internal", "worker_lost", "lost", "sweeper")
    return claimed


def retry(client: Client, job: Job) -> tuple[int, str]:
    answer = client.post(f"/api/v1/jobs/{job.id}/retry/")
    return answer.status_code, answer.headers["Content-Type"]


def act(client: Client, action: str, *jobs: Job) -> str:
    data = {"action": action, "_selected_action": [str(job.id) for job in jobs]}
    return client.post("/admin/jobs/job/", data, follow=True).content.decode()


def test_a_failed_job_starts_its_life_anew(admin_client: Client, failed: Job) -> None:
    answer = admin_client.post(f"/api/v1/jobs/{failed.id}/retry/")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["state"], shown["attempt"], shown["error"]) == ("queued", 0, None)
    assert (shown["started_at"], shown["finished_at"], shown["progress"]) == (None, None, 0.0)
    row = reread(failed)
    assert row.due_at is not None
    assert (row.rings, row.cancel_requested) == (0, False)
    again = lifecycle.claim(failed.id, "w2")
    assert again is not None
    assert again.attempt == 1
    last = row.transitions.get(revision=row.revision)
    assert (last.before, last.after, last.actor) == ("failed", "queued", "admin")


def test_only_staff_may(client: Client, django_user_model: type[User], failed: Job) -> None:
    assert retry(client, failed)[0] == 401
    client.force_login(django_user_model.objects.create_user("ann"))
    assert retry(client, failed)[0] == 403
    assert reread(failed).state == State.FAILED


def test_what_has_not_failed_is_a_conflict(admin_client: Client, job: Job) -> None:
    assert retry(admin_client, job) == (409, "application/problem+json")
    assert (reread(job).state, reread(job).revision) == (State.QUEUED, 0)


def test_of_two_who_retry_one_is_told_that_it_is_done(admin_client: Client, failed: Job) -> None:
    assert retry(admin_client, failed)[0] == 200
    assert retry(admin_client, failed)[0] == 409


def test_what_was_deleted_is_gone(admin_client: Client, failed: Job) -> None:
    stale = reread(failed)
    submissions.forget(failed, "me")
    assert retry(admin_client, failed) == (410, "application/problem+json")
    assert not lifecycle.retry(stale, "somebody who looked at it a moment before")
    assert reread(failed).state == State.FAILED


def test_the_admin_retries_what_failed_of_the_selected(admin_client: Client, failed: Job) -> None:
    waiting = lifecycle.create(lifecycle.Kind.RECOGNITION)
    page = act(admin_client, "retry", failed, waiting)
    assert "1 job is queued again." in page
    assert reread(failed).state == State.QUEUED
    assert reread(waiting).revision == 0
    assert "None had failed." in act(admin_client, "retry", waiting)


def test_the_admin_cancels_the_open_ones_of_the_selected(admin_client: Client, failed: Job) -> None:
    waiting, running = (lifecycle.create(lifecycle.Kind.RECOGNITION) for _ in range(2))
    lifecycle.claim(running.id, "w1")
    page = act(admin_client, "cancel", failed, waiting, running)
    assert "2 jobs were told to end." in page
    assert reread(waiting).state == State.CANCELLED
    assert reread(running).cancel_requested
    assert reread(failed).state == State.FAILED


def test_who_may_only_look_has_no_actions(client: Client, django_user_model: type[User], failed: Job) -> None:
    looker = django_user_model.objects.create_user("ann", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_job"))
    client.force_login(looker)
    assert "Try the selected" not in client.get("/admin/jobs/job/").content.decode()
    act(client, "retry", failed)
    assert reread(failed).state == State.FAILED
