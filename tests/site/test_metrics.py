"""`/metrics`: what Prometheus reads, the same from every web process."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from phonereader.jobs import lifecycle, tally, worker
from phonereader.jobs.models import Job, WorkerProcess
from phonereader.jobs.states import Kind
from recognition.registry import active

pytestmark = [pytest.mark.core, pytest.mark.django_db]

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "LAG", timedelta(0))


def scrape(client: Client, **headers: str) -> Samples:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"phonereader_{name}", tuple(sorted(labels.items()))]


def test_what_waits_runs_and_has_ended(client: Client) -> None:
    for _ in range(3):
        lifecycle.create(Kind.RECOGNITION)
    oldest = Job.objects.order_by("id").first()
    assert oldest is not None
    Job.objects.filter(id=oldest.id).update(created_at=Now() - timedelta(minutes=10))
    claimed = lifecycle.claim(lifecycle.create(Kind.RECOGNITION).id, "w1")
    failed = lifecycle.claim(lifecycle.create(Kind.TRAINING).id, "w2")
    assert claimed is not None
    assert failed is not None
    lifecycle.fail(failed, "internal", "bug", "It broke.", "w2")
    tally.fold()
    samples = scrape(client)
    assert value(samples, "jobs", kind="recognition", state="queued") == 3
    assert value(samples, "jobs", kind="recognition", state="running") == 1
    assert value(samples, "jobs", kind="training", state="running") == 0
    assert value(samples, "queue_depth", queue="recognition") == 3
    assert 600 <= value(samples, "queue_oldest_seconds", queue="recognition") < 700
    assert value(samples, "jobs_accepted_total", kind="recognition") == 4
    assert value(samples, "jobs_finished_total", kind="training", state="failed") == 1
    assert value(samples, "attempts_total", kind="recognition") == 1
    assert value(samples, "lease_expiries_total", kind="recognition") == 0
    assert value(samples, "wait_seconds_count", kind="recognition") == 1
    assert value(samples, "run_seconds_count", kind="training", state="failed") == 1
    assert value(samples, "run_seconds_bucket", kind="training", state="failed", le="+Inf") == 1


def test_workers_and_the_versions_they_hold(client: Client) -> None:
    worker.report("recognition", 1)
    WorkerProcess.objects.create(
        name="gone/1", queue="recognition", started_at=Now(), seen_at=Now() - timedelta(minutes=1)
    )
    samples = scrape(client)
    assert value(samples, "workers", queue="recognition") == 1
    assert value(samples, "workers", queue="training") == 0
    name = worker.process_name()
    assert value(samples, "worker_model_version", queue="recognition", worker=name) == 1
    version = active()
    assert version is not None
    assert value(samples, "active_model_version") == version.version


def test_it_costs_the_same_few_queries_with_many_jobs(client: Client, django_assert_num_queries: Any) -> None:
    for _ in range(2):
        with django_assert_num_queries(5):
            scrape(client)
        for _ in range(20):
            lifecycle.create(Kind.RECOGNITION)


def test_a_token_where_one_is_set(client: Client, settings: LazySettings) -> None:
    settings.METRICS_TOKEN = "sesame"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer guess"}).status_code == 401
    assert scrape(client, Authorization="Bearer sesame")


def test_openmetrics_for_who_prefers_it(client: Client) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")
