"""The admin's pages of jobs and queues: what they show, and that they stay fast with a million jobs."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from phonereader.admin import NewestPaginator, rows_about
from phonereader.jobs import lifecycle, tally, worker
from phonereader.jobs.models import Job, WorkerProcess, first_id
from phonereader.jobs.states import Kind, State
from recognition.models import Activation

pytestmark = [pytest.mark.core, pytest.mark.django_db]

JOBS = "/admin/jobs/job/"
LISTS = [
    "",
    "?state__exact=failed",
    "?kind__exact=training",
    "?state__exact=queued&kind__exact=recognition",
    "?state__exact=succeeded&kind__exact=transfer",
    "?accepted=7",
    "?accepted=365&state__exact=failed",
    "?o=4",
    "?q=018f3f6e-0000-7000-8000-000000000000",
    "?q=nonsense",
    "?p=2",
]


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def many(count: int) -> None:
    """Jobs of all kinds and states, with their logs."""
    for number in range(count):
        job = lifecycle.create(list(Kind)[number % 3])
        if number % 4:
            lifecycle.cancel(job, "me")


@pytest.fixture
def plans(db: None) -> Iterator[list[str]]:
    """How the database looks for the rows of each query on jobs, as if there were many rows."""
    found: list[str] = []

    def explain(execute: Any, sql: str, params: Any, manage: bool, context: Any) -> Any:
        if re.match("SELECT.*jobs_job", sql) and "EXPLAIN" not in sql:
            how = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
            with connection.cursor() as cursor:
                cursor.execute(f"{how} {sql}", params)
                found.append(f"{sql}\n" + "\n".join(str(row) for row in cursor.fetchall()))
        return execute(sql, params, manage, context)

    if connection.vendor == "postgresql":  # with few rows it would not trouble to use an index
        with connection.cursor() as cursor:
            for costly in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{costly} = off")
    with connection.execute_wrapper(explain):
        yield found


def is_full(plan: str) -> bool:
    """Whether it reads the table from end to end, or sorts what it found."""
    lines = plan.partition("\n")[2]
    if connection.vendor == "sqlite":
        return bool(re.search(r"SCAN jobs_job(?! USING)|TEMP B-TREE FOR ORDER BY", lines))
    return bool(re.search(r"Seq Scan on jobs_job|(?<!Incremental )Sort  \(", lines))


@pytest.mark.parametrize("query", [*LISTS, "queues", "index"])
def test_no_page_reads_the_whole_table(admin_client: Client, plans: list[str], query: str) -> None:
    many(8)
    plans.clear()
    page(admin_client, {"queues": "/admin/queues/", "index": "/admin/"}.get(query, JOBS + query))
    if query == "?q=nonsense":  # nothing is asked
        assert not plans
        return
    assert plans
    if query in ("queues", "index"):  # groups what waits or runs, by an index, and never what has ended
        of_jobs = [plan for plan in plans if 'FROM "jobs_job"' in plan]
        assert of_jobs
        by_index = "job_queued|job_turns|job_running|job_state_newest"
        assert [plan for plan in of_jobs if not re.search(by_index, plan)] == []
    else:
        assert [plan for plan in plans if is_full(plan)] == []


def test_a_million_jobs_are_not_counted(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(NewestPaginator, "MOST", 60)
    many(70)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        text = page(admin_client, JOBS)
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 60" in sql for sql in counts)
    assert "the first 60; there are about" in " ".join(text.split())
    if connection.vendor == "sqlite":
        assert rows_about(Job) == 70


@pytest.mark.parametrize("query", ["", "?state__exact=cancelled"])
def test_many_jobs_cost_no_more_queries_than_few(
    admin_client: Client, django_assert_num_queries: Any, query: str
) -> None:
    many(4)
    with CaptureQueriesContext(connection) as few:
        page(admin_client, JOBS + query)
    many(40)
    with django_assert_num_queries(len(few)):
        page(admin_client, JOBS + query)
    assert len(few) <= 6


def test_a_job_is_found_by_its_id(admin_client: Client) -> None:
    many(3)
    job = Job.objects.order_by("id")[1]
    text = page(admin_client, f"{JOBS}?q= {job.id} ")
    assert str(job.id) in text
    assert "1 job" in text
    assert "0 jobs" in page(admin_client, f"{JOBS}?q=nonsense")


def test_by_when_it_was_accepted(admin_client: Client) -> None:
    many(2)
    days_ago = timezone.now() - timedelta(days=10)
    old = lifecycle.create(Kind.RECOGNITION, id=UUID(int=first_id(days_ago).int + 1))
    assert str(old.id) not in page(admin_client, f"{JOBS}?accepted=7")
    assert str(old.id) in page(admin_client, f"{JOBS}?accepted=30")
    assert "2 jobs" in page(admin_client, f"{JOBS}?accepted=7")
    assert "3 jobs" in page(admin_client, f"{JOBS}?accepted=nonsense")


def test_an_action_on_all_changes_what_it_can(admin_client: Client) -> None:
    many(8)
    ids = [str(job_id) for job_id in Job.objects.values_list("id", flat=True)]
    data = {"action": "cancel", "_selected_action": ids[:1], "select_across": "1"}
    told = admin_client.post(JOBS, data, follow=True).content.decode()
    assert "2 jobs were told to end." in told
    assert not Job.objects.exclude(state=State.CANCELLED).exists()


def test_the_overview_shows_queues_and_workers(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "LAG", timedelta(0))
    worker.report("recognition", 1)
    claimed = lifecycle.claim(lifecycle.create(Kind.RECOGNITION).id, worker.process_name())
    ended = lifecycle.claim(lifecycle.create(Kind.RECOGNITION).id, "w1")
    assert claimed is not None
    assert ended is not None
    lifecycle.succeed(ended, {}, "w1")
    lifecycle.create(Kind.RECOGNITION)
    tally.fold()
    text = page(admin_client, "/admin/queues/")
    row = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", text.partition('<th scope="row">recognition</th>')[2])
    assert [re.sub("<.*?>", "", cell) for cell in row[:2]] == ["1", "1"]
    assert "version 1" in text
    assert str(claimed.id) in text
    assert worker.process_name() in text


def test_a_queue_that_nobody_serves_is_a_warning(admin_client: Client) -> None:
    many(1)
    WorkerProcess.objects.create(
        name="gone/1", queue="recognition", started_at=Now(), seen_at=Now() - timedelta(minutes=1)
    )
    for address in ("/admin/", "/admin/queues/"):
        text = page(admin_client, address)
        assert "No worker listens to the queue recognition. One job waits." in text
        assert "No worker listens to the queue training." in text
    for queue in ("training", "transfers"):
        WorkerProcess.objects.create(name=queue, queue=queue, started_at=Now(), seen_at=Now())
    worker.report("recognition", None)
    assert "has a model in memory" in page(admin_client, "/admin/queues/")
    worker.report("recognition", 1)
    assert 'role="alert"' not in page(admin_client, "/admin/queues/")
    Activation.objects.all().delete()
    assert "No model version is active." in page(admin_client, "/admin/queues/")


def test_a_worker_with_another_version_is_seen(admin_client: Client) -> None:
    worker.report("recognition", 7)
    assert "not the active one" in page(admin_client, "/admin/queues/")


def test_the_overview_is_for_who_may_see_jobs(client: Client) -> None:
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert client.get("/admin/queues/").status_code == 403
    assert "Queues" not in page(client, "/admin/")
    client.logout()
    assert client.get("/admin/queues/").status_code == 302
