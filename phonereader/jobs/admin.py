from django.contrib import admin

from phonereader.admin import ReadOnly
from phonereader.jobs.models import Job, Transition, WorkerProcess


class TransitionInline(ReadOnly, admin.TabularInline[Transition, Job]):
    model = Transition
    fields = ["at", "before", "after", "attempt", "actor", "reason"]


@admin.register(Job)
class JobAdmin(ReadOnly, admin.ModelAdmin[Job]):
    list_display = ["id", "kind", "state", "attempt", "created_at", "waited", "ran", "worker"]
    list_filter = ["state", "kind", "created_at"]
    search_fields = ["id"]
    show_full_result_count = False
    list_per_page = 50
    inlines = [TransitionInline]
    fields = [
        "id",
        ("kind", "state", "progress"),
        ("attempt", "max_attempts", "cancel_requested"),
        ("created_at", "started_at", "finished_at"),
        ("waited", "ran"),
        ("worker", "lease_until", "due_at"),
        "caller",
        "error",
        "result",
    ]

    @admin.display(description="waited")
    def waited(self, job: Job) -> str:
        return seconds(job.seconds_waited)

    @admin.display(description="ran")
    def ran(self, job: Job) -> str:
        return seconds(job.seconds_run)


def seconds(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f} s"


@admin.register(WorkerProcess)
class WorkerProcessAdmin(ReadOnly, admin.ModelAdmin[WorkerProcess]):
    list_display = ["name", "queue", "model_version", "started_at", "seen_at"]
