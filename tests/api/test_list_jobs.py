"""Staff list jobs: newest first, filtered, in pages that stay what they are while jobs come in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from phonereader.jobs import lifecycle
from phonereader.jobs.models import Job
from phonereader.jobs.states import Kind, State

pytestmark = [pytest.mark.core, pytest.mark.django_db]

PATH = "/api/v1/jobs/"


@pytest.fixture
def staff() -> APIClient:
    client = APIClient()
    token = Token.objects.create(user=User.objects.create_user("olga", is_staff=True))
    client.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")
    return client


def jobs(count: int, kind: Kind = Kind.RECOGNITION) -> list[str]:
    return [str(lifecycle.create(kind).id) for _ in range(count)]


def listed(client: APIClient, query: str = "") -> list[str]:
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code == 200, answer.content
    return [job["id"] for job in answer.json()["results"]]


def pages(client: APIClient, address: str) -> Iterator[list[str]]:
    while address:
        page = client.get(address).json()
        yield [job["id"] for job in page["results"]]
        address = page["next"]


def test_none_but_staff_may(client: Client, staff: APIClient) -> None:
    assert client.get(PATH).status_code == 401
    client.force_login(User.objects.create_user("visitor"))
    assert client.get(PATH).status_code == 403
    client.force_login(User.objects.get(username="olga"))
    assert client.get(PATH).status_code == 200
    assert staff.get(PATH).status_code == 200


def test_newest_first_each_as_it_is_seen_alone(staff: APIClient) -> None:
    ids = jobs(3)
    results = staff.get(PATH).json()["results"]
    assert [job["id"] for job in results] == ids[::-1]
    assert results[0] == staff.get(f"{PATH}{ids[-1]}/").json()


def test_by_state_and_kind(staff: APIClient) -> None:
    waiting, running, failed = jobs(3)
    (training,) = jobs(1, Kind.TRAINING)
    lifecycle.claim(running, "w1")
    lifecycle.fail(Job.objects.get(id=failed), "internal", "bug", "It broke.", "w1")
    assert listed(staff, "state=running") == [running]
    assert listed(staff, "state=running&state=failed") == [failed, running]
    assert listed(staff, "kind=training") == [training]
    assert listed(staff, "kind=training&state=failed") == []
    assert listed(staff, "kind=recognition&state=queued") == [waiting]


def test_by_when_they_were_created(staff: APIClient) -> None:
    old, middle, new = jobs(3)
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    for job_id, hours in ((old, 0), (middle, 1), (new, 2)):
        Job.objects.filter(id=job_id).update(created_at=noon + timedelta(hours=hours))
    assert listed(staff, "created_after=2026-01-31T13:00:00Z") == [new, middle]
    assert listed(staff, "created_before=2026-01-31T13:00:00Z") == [old]
    assert listed(staff, "created_after=2026-01-31T12:30:00Z&created_before=2026-01-31T13:30:00Z") == [middle]


def test_the_moment_that_a_job_says_includes_it(staff: APIClient) -> None:
    (job_id,) = jobs(1)
    moment = staff.get(f"{PATH}{job_id}/").json()["created_at"]
    assert listed(staff, f"created_after={quote(moment)}") == [job_id]
    assert listed(staff, f"created_before={quote(moment)}") == []


def test_pages_hold_every_job_once_although_others_come_in(staff: APIClient) -> None:
    ids = jobs(7)
    seen = []
    for page in pages(staff, f"{PATH}?page_size=3"):
        assert len(page) <= 3
        seen += page
        jobs(2)
    assert seen == ids[::-1]


def test_deleted_ones_are_left_out(staff: APIClient) -> None:
    kept, deleted = jobs(2)
    lifecycle.cancel(Job.objects.get(id=deleted), "me")
    Job.objects.filter(id=deleted).update(forgotten_at=datetime.now(UTC))
    assert listed(staff) == [kept]


@pytest.mark.parametrize(
    ("query", "field"),
    [("state=lost", "state"), ("kind=dream", "kind"), ("created_after=yesterday", "created_after")],
)
def test_what_makes_no_sense_is_refused(staff: APIClient, query: str, field: str) -> None:
    answer = staff.get(f"{PATH}?{query}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("cursor", ["nonsense", "cD1ub25zZW5zZQ=="])  # the second says p=nonsense
def test_a_cursor_that_is_none_is_refused(staff: APIClient, cursor: str) -> None:
    assert staff.get(f"{PATH}?cursor={cursor}").status_code == 404


def test_many_jobs_cost_no_more_queries_than_one(staff: APIClient, django_assert_num_queries: Any) -> None:
    jobs(1)
    with django_assert_num_queries(2):  # the token, and the page
        assert len(listed(staff)) == 1
    jobs(30)
    assert Job.objects.filter(state=State.QUEUED).count() == 31
    with django_assert_num_queries(2):
        assert len(listed(staff)) == 31
