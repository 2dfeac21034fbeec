"""An answer that is held back until the job ends costs the site nothing while it waits."""

import threading

import pytest
from django.db import connection

from phonereader.jobs import lifecycle, waiting
from phonereader.jobs.models import Job
from recognition.submissions import forget
from tests.drawing import box_of_strokes
from tests.live.site import Site, job_path
from tests.stack import wait_until

pytestmark = pytest.mark.core

MANY = 40
"""More than a request's thread or connection each could serve: the pool of connections holds eight."""


def succeed(job: Job) -> None:
    claimed = lifecycle.claim(job.id, "w1")
    assert claimed is not None
    assert lifecycle.succeed(claimed, {"digits": "7"}, "w1")


def request_threads() -> int:
    """Threads that Django gave to requests; they are gone when Django has let go of the request."""
    return sum(thread.name.startswith("ThreadPoolExecutor") for thread in threading.enumerate())


def test_a_poll_is_answered_when_the_job_ends(site: Site, job: Job) -> None:
    poll = site.send("GET", job_path(job.id) + "?wait=30")
    succeed(job)
    answer = poll.answer()
    assert answer.status == 200
    assert (answer.json["state"], answer.json["result"]) == ("succeeded", {"digits": "7"})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_poll_is_answered_when_its_time_is_up(site: Site, job: Job) -> None:
    answer = site.get(job_path(job.id) + "?wait=0.2")
    assert (answer.status, answer.json["state"]) == (200, "queued")


def test_a_poll_for_what_has_ended_is_answered_at_once(site: Site, job: Job) -> None:
    succeed(job)
    assert site.get(job_path(job.id) + "?wait=30").json["state"] == "succeeded"


def test_a_poll_for_nothing_waits_for_nothing(site: Site) -> None:
    assert site.get(job_path("01900000-0000-7000-8000-000000000000") + "?wait=30").status == 404


def test_a_poll_learns_that_the_drawing_was_deleted(site: Site, job: Job) -> None:
    poll = site.send("GET", job_path(job.id) + "?wait=30")
    forget(job, "me")
    answer = poll.answer()
    assert answer.status == 410
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_submission_that_waits_gets_the_result_with_its_key(site: Site) -> None:
    waiting = site.send("POST", "/api/v1/recognitions/", {"boxes": [box_of_strokes("7")]}, Prefer="wait=30")
    succeed(wait_until(Job.objects.first, "the job"))
    answer = waiting.answer()
    assert answer.status == 200
    assert (answer.json["state"], answer.json["key"]) == ("succeeded", Job.objects.get().key)
    assert answer.headers["Location"] == job_path(answer.json["id"])
    assert "Retry-After" not in answer.headers


def test_many_waits_hold_no_thread_and_no_connection(site: Site) -> None:
    numbers = {"boxes": [{"strokes": []}]}
    waits = [site.send("POST", "/api/v1/recognitions/", numbers, Prefer="wait=30") for _ in range(MANY)]
    wait_until(lambda: Job.objects.count() == MANY, "all submissions")
    job = Job.objects.latest("id")
    waits += [site.send("GET", job_path(job.id) + "?wait=30") for _ in range(MANY)]
    wait_until(lambda: request_threads() == 0, "Django let go of all requests")
    assert site.get(job_path(job.id)).status == 200, "others are served meanwhile"
    for each in Job.objects.all():
        succeed(each)
    assert [wait.answer().json["state"] for wait in waits] == ["succeeded"] * 2 * MANY
    connection.close()


def test_nobody_waits_for_who_has_left(site: Site, job: Job) -> None:
    polls = [site.send("GET", job_path(job.id) + "?wait=30") for _ in range(3)]
    wait_until(watched, "a watch")
    for poll in polls:
        poll.leave()
    wait_until(lambda: not watched(), "the end of the watch")


def watched() -> int:
    return sum(watcher.watched for watcher in waiting.watchers.values())
