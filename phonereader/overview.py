"""The admin's page of queues: what waits and runs, how fast, who works, and what is amiss."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from phonereader.jobs import standing, tally
from phonereader.jobs.models import WorkerProcess
from phonereader.jobs.standing import Queue
from phonereader.jobs.states import Kind
from recognition.registry import active


def queues(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("jobs.view_job"):
        raise PermissionDenied
    found = standing.queues()
    counts, jobs = tally.counts(), standing.running()
    version = active()
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Queues",
        "queues": [
            {
                "queue": queue,
                "rate": tally.ended_per_minute(counts, queue.kind, timezone.now()),
                "seconds": tally.seconds_a_job(counts, queue.kind),
                "versions": versions(queue.workers),
            }
            for queue in found
        ],
        "processes": [
            {"process": process, "job": jobs.get(process.name)}
            for queue in found
            for process in queue.workers
        ],
        "active": version,
        "queue_warnings": amiss(found, version.version if version else None),
    }
    return TemplateResponse(request, "jobs/queues.html", context)


def warnings() -> list[str]:
    """What is amiss now, in sentences."""
    version = active()
    return amiss(standing.queues(), version.version if version else None)


def amiss(queues: Sequence[Queue], active: int | None) -> list[str]:
    found = []
    for queue in queues:
        waiting = (
            f" {queue.waiting} wait." if queue.waiting > 1 else " One job waits." if queue.waiting else ""
        )
        if not queue.workers:
            found.append(f"No worker listens to the queue {queue.name}.{waiting}")
        elif queue.kind == Kind.RECOGNITION and not versions(queue.workers):
            found.append(f"No worker of the queue {queue.name} has a model in memory.{waiting}")
    if active is None:
        found.append("No model version is active.")
    return found


def versions(workers: Sequence[WorkerProcess]) -> dict[int, int]:
    """How many processes hold which model version."""
    held = [process.model_version for process in workers if process.model_version is not None]
    return {version: held.count(version) for version in sorted(set(held))}
