"""``/metrics`` for Prometheus. All figures come from the database, so any web process gives the same."""

from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from phonereader.jobs import standing, tally
from phonereader.jobs.states import TERMINAL, Kind, State
from recognition.registry import active


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """What the database says now; 503 when it does not answer, 401 without the token where one is set."""
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    if settings.METRICS_TOKEN and not constant_time_compare(request.headers.get("Authorization", ""), wanted):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        return HttpResponse(encode(registry), content_type=content_type)
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain")


class Figures(Collector):
    """Asks the database once for each answer."""

    def collect(self) -> Iterator[Metric]:
        yield from of_queues()
        yield from of_all_jobs(tally.counts())
        yield from of_models()

    def describe(self) -> list[Metric]:
        return []  # registering asks for names only, and need not ask the database


def of_queues() -> Iterator[Metric]:
    jobs = GaugeMetricFamily("phonereader_jobs", "Jobs that have not ended.", labels=["kind", "state"])
    depth = GaugeMetricFamily("phonereader_queue_depth", "Jobs that wait in the queue.", labels=["queue"])
    oldest = GaugeMetricFamily(
        "phonereader_queue_oldest_seconds", "Age of the job that waits longest.", labels=["queue"]
    )
    workers = GaugeMetricFamily(
        "phonereader_workers", "Worker processes that report themselves.", labels=["queue"]
    )
    held = GaugeMetricFamily(
        "phonereader_worker_model_version",
        "The model version that a worker process holds in memory.",
        labels=["queue", "worker"],
    )
    for queue in standing.queues():
        jobs.add_metric([queue.kind, State.QUEUED], queue.waiting)
        jobs.add_metric([queue.kind, State.RUNNING], queue.running)
        depth.add_metric([queue.name], queue.waiting)
        oldest.add_metric([queue.name], queue.oldest or 0.0)
        workers.add_metric([queue.name], len(queue.workers))
        for process in queue.workers:
            if process.model_version is not None:
                held.add_metric([queue.name, process.name], process.model_version)
    yield from (jobs, depth, oldest, workers, held)


def of_all_jobs(counts: tally.Counts) -> Iterator[Metric]:
    accepted = CounterMetricFamily("phonereader_jobs_accepted", "Jobs ever accepted.", labels=["kind"])
    finished = CounterMetricFamily(
        "phonereader_jobs_finished", "Jobs that ended, by how.", labels=["kind", "state"]
    )
    retried = CounterMetricFamily("phonereader_jobs_retried", "Failed jobs queued anew.", labels=["kind"])
    attempts = CounterMetricFamily("phonereader_attempts", "Attempts that were started.", labels=["kind"])
    requeued = CounterMetricFamily(
        "phonereader_attempts_requeued", "Attempts whose job went back to the queue.", labels=["kind"]
    )
    expired = CounterMetricFamily(
        "phonereader_lease_expiries", "Attempts whose worker let its lease run out.", labels=["kind"]
    )
    waited = HistogramMetricFamily(
        "phonereader_wait_seconds", "From the queue to the start of an attempt.", labels=["kind"]
    )
    ran = HistogramMetricFamily(
        "phonereader_run_seconds", "Of one attempt, by what it led to.", labels=["kind", "state"]
    )
    moves = tally.moves(counts)
    for kind in Kind:
        accepted.add_metric([kind], moves[kind, "new", State.QUEUED])
        retried.add_metric([kind], moves[kind, State.FAILED, State.QUEUED])
        attempts.add_metric([kind], moves[kind, State.QUEUED, State.RUNNING])
        requeued.add_metric([kind], moves[kind, State.RUNNING, State.QUEUED])
        expired.add_metric([kind], counts.get("expired", {}).get(kind, 0))
        waited.add_metric([kind], *tally.histogram(counts, f"waited {kind}", tally.WAITED))
        for state in sorted(TERMINAL):
            ended = moves[kind, State.RUNNING, state] + moves[kind, State.QUEUED, state]
            finished.add_metric([kind, state], ended)
        for state in (State.SUCCEEDED, State.FAILED, State.CANCELLED, State.QUEUED):
            ran.add_metric([kind, state], *tally.histogram(counts, f"ran {kind} {state}", tally.RAN))
    yield from (accepted, finished, retried, attempts, requeued, expired, waited, ran)


def of_models() -> Iterator[Metric]:
    version = active()
    in_service = GaugeMetricFamily("phonereader_active_model_version", "The model version in service.")
    if version is not None:
        in_service.add_metric([], version.version)
    yield in_service
