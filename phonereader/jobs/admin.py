from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import ngettext

from phonereader.admin import ReadOnly
from phonereader.jobs import lifecycle
from phonereader.jobs.models import Job, Transition, WorkerProcess


class TransitionInline(ReadOnly, admin.TabularInline[Transition, Job]):
    model = Transition
    fields = ["at", "before", "after", "attempt", "actor", "reason"]


@admin.register(Job)
class JobAdmin(ReadOnly, admin.ModelAdmin[Job]):
    list_display = ["id", "kind", "state", "attempt", "created_at", "waited", "ran", "worker"]
    list_filter = ["state", "kind", "created_at"]
    search_fields = ["id"]
    actions = ["cancel", "retry"]
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

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_job")

    @admin.action(description="Cancel the selected jobs", permissions=["operate"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        asked = [lifecycle.cancel(job, str(request.user)) for job in jobs if not job.ended]
        self.tell(
            request, len(asked), "%d job was told to end.", "%d jobs were told to end.", "None was open."
        )

    @admin.action(description="Try the selected failed jobs again", permissions=["operate"])
    def retry(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        retried = sum(lifecycle.retry(job, str(request.user)) for job in jobs)
        self.tell(
            request, retried, "%d job is queued again.", "%d jobs are queued again.", "None had failed."
        )

    def tell(self, request: HttpRequest, count: int, one: str, more: str, none: str) -> None:
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, ngettext(one, more, count) % count if count else none, level)

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
