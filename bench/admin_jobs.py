"""How fast the pages and the API of jobs are with a million jobs: `python -m bench.admin_jobs`.

It fills the database that DATABASE_URL names, which must be new and empty, with ROWS jobs that have ended
(one in a hundred failed, one in a thousand a training) and some that wait and run; then it opens each page
three times and prints the fastest, its number of queries, and how many of them read the whole table.
"""

import os
import re
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phonereader.settings")
ROWS = int(os.environ.get("ROWS", "1000000"))
CHUNK = 10_000
PAGES = {
    "list": "/admin/jobs/job/",
    "list, page 200": "/admin/jobs/job/?p=200",
    "list, failed": "/admin/jobs/job/?state__exact=failed",
    "list, queued recognitions": "/admin/jobs/job/?state__exact=queued&kind__exact=recognition",
    "list, trainings": "/admin/jobs/job/?kind__exact=training",
    "list, cancelled trainings": "/admin/jobs/job/?kind__exact=training&state__exact=cancelled",
    "list, within 30 days": "/admin/jobs/job/?accepted=30",
    "list, oldest first": "/admin/jobs/job/?o=-4",
    "one job, with its log": "/admin/jobs/job/{middle}/change/",
    "search by id": "/admin/jobs/job/?q={middle}",
    "queues": "/admin/queues/",
    "index": "/admin/",
    "metrics": "/metrics",
    "API, list": "/api/v1/jobs/",
    "API, failed": "/api/v1/jobs/?state=failed",
    "API, an hour half a year ago": "/api/v1/jobs/?created_after={then}&created_before={later}",
    "API, all before half a year ago": "/api/v1/jobs/?created_before={then}",
}


def jobs(now: datetime) -> Iterator[Any]:
    """ROWS jobs of a year, the oldest first; the last 2,000 wait, 5 run."""
    from phonereader.jobs.models import Job, first_id

    for number in range(ROWS):
        created = now - timedelta(days=365) * (1 - number / ROWS)
        kind = "training" if number % 1000 == 7 else "recognition"
        state = "failed" if number % 100 == 3 else "succeeded"
        if number >= ROWS - 2000:
            state = "queued" if number < ROWS - 5 or kind == "training" else "running"
        ended = state in ("succeeded", "failed")
        yield Job(
            id=uuid.UUID(int=first_id(created).int | (7 << 76) | number),
            kind=kind,
            state=state,
            revision=2,
            attempt=1,
            max_attempts=5,
            result={"digits": "12125550123", "boxes": [{"digit": "1"}] * 11}
            if state == "succeeded"
            else None,
            created_at=created,
            started_at=created + timedelta(seconds=1),
            finished_at=created + timedelta(seconds=2) if ended else None,
            due_at=now + timedelta(hours=1) if state == "queued" else None,
            lease_until=now + timedelta(hours=1) if state == "running" else None,
            worker="w1" if state == "running" else "",
            caller="address:127.0.0.1",
        )


def fill(now: datetime) -> str:
    """Fill the tables; the id of a job in the middle."""
    from django.db import connection, transaction

    from phonereader.jobs.models import Job, Transition

    middle, rows = "", []
    for number, job in enumerate(jobs(now), 1):
        rows.append(job)
        middle = str(job.id) if number == ROWS // 2 else middle
        if len(rows) == CHUNK or number == ROWS:
            with transaction.atomic():
                Job.objects.bulk_create(rows)
                Transition.objects.bulk_create(
                    Transition(job=row, revision=0, at=row.created_at, after="queued", attempt=0, actor="x")
                    for row in rows
                )
            print(f"\r{number:,} jobs", end="", file=sys.stderr)
            rows = []
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(file=sys.stderr)
    return middle


def full_scans(queries: list[dict[str, str]]) -> int:
    """How many of the queries read the jobs' table, or its key, from end to end."""
    from django.db import connection

    found = 0
    for query in queries:
        if query["sql"].startswith("SELECT") and "jobs_job" in query["sql"]:
            how = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
            with connection.cursor() as cursor:
                cursor.execute(how + query["sql"].replace("%", "%%"), ())
                plan = "\n".join(str(row) for row in cursor.fetchall())
            found += bool(re.search(r"SCAN jobs_job(?! USING)|Seq Scan on jobs_job", plan))
    return found


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from phonereader.jobs.models import Job

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    if Job.objects.exists():
        sys.exit("There are jobs in this database; give DATABASE_URL a new one.")
    now = datetime.now(UTC)
    middle = fill(now)
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    then = now - timedelta(days=182)
    places = {"middle": middle, "then": stamp(then), "later": stamp(then + timedelta(hours=1))}
    print(
        f"{ROWS:,} jobs on {connection.vendor}\n\n"
        "| page | ms | queries | full scans |\n| --- | ---: | ---: | ---: |"
    )
    for name, address in PAGES.items():
        took = []
        for _ in range(3):
            with CaptureQueriesContext(connection) as queries:
                began = perf_counter()
                answer = client.get(address.format(**places))
                took.append(1000 * (perf_counter() - began))
            assert answer.status_code == 200, (name, answer.status_code, answer.content[:300])
        scans = full_scans(queries.captured_queries)
        print(f"| {name} | {min(took):.0f} | {len(queries)} | {scans} |", flush=True)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main()
