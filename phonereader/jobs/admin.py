"""Jobs in the admin. The pages stay fast with millions of jobs: nothing is counted or sorted in full."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import ngettext

from phonereader.admin import NewestPaginator, ReadOnly, rows_about
from phonereader.jobs import lifecycle
from phonereader.jobs.callbacks.admin import DeliveryInline
from phonereader.jobs.models import Job, Transition, WorkerProcess, first_id
from phonereader.jobs.states import TERMINAL, State


class TransitionInline(ReadOnly, admin.TabularInline[Transition, Job]):
    model = Transition
    fields = ["at", "before", "after", "attempt", "actor", "reason"]
    verbose_name_plural = "log"


class JobList(ChangeList):
    """Says about how many jobs there are when it does not list them all."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.rows_about = rows_about(Job) if self.result_count == NewestPaginator.MOST else None


class AcceptedFilter(admin.SimpleListFilter):
    """By the ids, which hold the time: so it narrows the very index that the list is read from."""

    title = "accepted"
    parameter_name = "accepted"
    DAYS = {"1": "within a day", "7": "within a week", "30": "within 30 days", "365": "within a year"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.DAYS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        days = self.value()
        if days not in self.DAYS:
            return queryset
        return queryset.filter(id__gte=first_id(timezone.now() - timedelta(days=int(days))))


@admin.register(Job)
class JobAdmin(ReadOnly, admin.ModelAdmin[Job]):
    list_display = ["id", "kind", "state_shown", "age", "attempt", "waited", "ran"]
    list_filter = ["state", "kind", AcceptedFilter]
    sortable_by = ["age"]
    search_fields = ["id"]
    search_help_text = "The whole id of a job"
    actions = ["cancel", "retry"]
    paginator = NewestPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    fields = [
        "id",
        ("kind", "priority", "state", "progress"),
        ("attempt", "max_attempts", "cancel_requested"),
        ("created_at", "started_at", "finished_at"),
        ("waited", "ran"),
        ("worker", "lease_until", "due_at"),
        "caller",
        "callback_url",
        "error",
        "result",
    ]

    class Media:
        css = {"all": ["jobs/admin.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return JobList

    def get_inlines(self, request: HttpRequest, obj: Job | None) -> list[Any]:
        return [DeliveryInline, TransitionInline] if obj and obj.callback_url else [TransitionInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        return super().get_queryset(request).defer("result")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Job], search_term: str
    ) -> tuple[QuerySet[Job], bool]:
        if not search_term:
            return queryset, False
        try:
            return queryset.filter(id=UUID(search_term.strip())), False
        except ValueError:
            return queryset.none(), False

    # --- Actions ------------------------------------------------------------------------------------

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_job")

    @admin.action(description="Cancel the selected jobs", permissions=["operate"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        asked = [lifecycle.cancel(job, str(request.user)) for job in now(jobs.exclude(state__in=TERMINAL))]
        self.tell(
            request, len(asked), "%d job was told to end.", "%d jobs were told to end.", "None was open."
        )

    @admin.action(description="Try the selected failed jobs again", permissions=["operate"])
    def retry(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        failed = now(jobs.filter(state=State.FAILED))
        retried = sum(lifecycle.retry(job, str(request.user)) for job in failed)
        self.tell(
            request, retried, "%d job is queued again.", "%d jobs are queued again.", "None had failed."
        )

    def tell(self, request: HttpRequest, count: int, one: str, more: str, none: str) -> None:
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, ngettext(one, more, count) % count if count else none, level)

    # --- Columns ------------------------------------------------------------------------------------

    @admin.display(description="state")
    def state_shown(self, job: Job) -> SafeString:
        return format_html('<span class="state {}">{}</span>', job.state, job.state)

    @admin.display(description="age", ordering="-created_at")
    def age(self, job: Job) -> SafeString:
        age = timezone.now() - job.created_at
        words = f"{age.seconds} s" if age < timedelta(minutes=1) else timesince(job.created_at, depth=1)
        return format_html('<span title="{}">{}</span>', f"{job.created_at:%Y-%m-%d %H:%M:%S}", words)

    @admin.display(description="waited")
    def waited(self, job: Job) -> str:
        return seconds(job.seconds_waited)

    @admin.display(description="ran")
    def ran(self, job: Job) -> str:
        return seconds(job.seconds_run)


def now(jobs: QuerySet[Job]) -> Iterable[Job]:
    """The rows as they are before the first is changed: changed ones would move within the query."""
    return list(jobs.order_by("id")[: NewestPaginator.MOST])


def seconds(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f} s"


@admin.register(WorkerProcess)
class WorkerProcessAdmin(ReadOnly, admin.ModelAdmin[WorkerProcess]):
    list_display = ["name", "queue", "model_version", "started_at", "seen_at"]
