"""Training runs in the admin: started with a form and a dry summary, watched live, cancelled."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from phonereader.admin import ReadOnly
from phonereader.jobs import lifecycle
from phonereader.jobs.states import State
from recognition.registry import active
from training import runs
from training.models import Schedule, TrainingRun
from training.recipes import RECIPES


class RunForm(forms.Form):
    """What to train. Empty fields follow the recipe."""

    start = forms.ChoiceField(
        choices=TrainingRun.Start.choices,
        initial=TrainingRun.Start.ACTIVE,
        widget=forms.RadioSelect,
        help_text="From the active model takes a minute or two; from scratch takes much longer.",
    )
    architecture = forms.ChoiceField(
        choices=[("", "that of the active model"), *((name, name) for name in RECIPES)], required=False
    )
    epochs = forms.IntegerField(
        min_value=1, max_value=runs.LONGEST, required=False, help_text="Empty: as many as the recipe says."
    )
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, initial=1)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnly, admin.ModelAdmin[TrainingRun]):
    list_display = ["started", "state", "architecture", "begins", "epochs", "samples", "outcome", "by"]
    list_display_links = ["started"]
    list_filter = ["job__state", "architecture", "start"]
    list_per_page = 25
    show_full_result_count = False
    change_list_template = "training/runs.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingRun]:
        rows = super().get_queryset(request).select_related("job__user", "model", "parent")
        return rows.defer("model__weights", "parent__weights", "log", "curve").prefetch_related(
            "model__judgements"
        )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("start/", wrap(self.start_view), name="training_start"),
            path("<uuid:run_id>/live/", wrap(self.live_view), name="training_live"),
            path("<uuid:run_id>/cancel/", wrap(self.cancel_view), name="training_cancel"),
            *super().get_urls(),
        ]

    # --- The list -----------------------------------------------------------------------------------

    @admin.display(description="started", ordering="-job_id")
    def started(self, run: TrainingRun) -> str:
        return f"{run.job.created_at:%Y-%m-%d %H:%M}"

    @admin.display(description="state", ordering="job__state")
    def state(self, run: TrainingRun) -> SafeString:
        return format_html('<span class="state {}">{}</span>', run.job.state, run.job.state)

    @admin.display(description="start")
    def begins(self, run: TrainingRun) -> str:
        return f"from version {run.parent_id}" if run.parent_id else "from scratch"

    @admin.display(description="samples")
    def samples(self, run: TrainingRun) -> str:
        return str(run.snapshot.get("samples", "—"))

    @admin.display(description="outcome")
    def outcome(self, run: TrainingRun) -> SafeString | str:
        if run.model is None:
            return (run.job.error or {}).get("detail", "—")
        judgement = next(iter(run.model.judgements.all()), None)
        word = "" if judgement is None else " passed" if judgement.passed else " refused"
        address = reverse("admin:recognition_modelversion_change", args=[run.model.pk])
        return format_html(
            '<a href="{}">version {}</a> <span class="gate{}">{}</span>', address, run.model.pk, word, word
        )

    @admin.display(description="by")
    def by(self, run: TrainingRun) -> str:
        return str(run.job.user or run.trigger)

    # --- Starting one -------------------------------------------------------------------------------

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """The form with a dry summary of the data; POST queues the run."""
        if not request.user.has_perm("training.add_trainingrun"):
            raise PermissionDenied
        form = RunForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            assert isinstance(request.user, User)
            chosen = form.cleaned_data
            wanted = runs.Wanted(
                architecture=chosen["architecture"] or None,
                start=chosen["start"],
                epochs=chosen["epochs"],
                seed=chosen["seed"],
            )
            try:
                job = runs.start(wanted, "admin", request.user, caller=f"user:{request.user.pk}")
            except runs.BadRun as error:
                form.add_error(error.field, str(error))
            else:
                return HttpResponseRedirect(reverse("admin:training_trainingrun_change", args=[job.id]))
        context = {
            **self.admin_site.each_context(request),
            "title": "Retrain",
            "opts": self.opts,
            "form": form,
            "summary": runs.summary(),
            "active": active(),
            "under_way": runs.under_way(),
        }
        return TemplateResponse(request, "training/start.html", context)

    # --- Watching one -------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self._may_look(request)
        run = get_object_or_404(TrainingRun.objects.select_related("job"), pk=object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Training run: {run.architecture}, {run.get_start_display()}",
            "opts": self.opts,
            "run": run,
            "now": standing(run),
            "may_cancel": request.user.has_perm("training.change_trainingrun"),
        }
        return TemplateResponse(request, "training/run.html", context)

    def live_view(self, request: HttpRequest, run_id: str) -> JsonResponse:
        """Where the run stands, for the page that watches it."""
        self._may_look(request)
        return JsonResponse(standing(get_object_or_404(TrainingRun.objects.select_related("job"), pk=run_id)))

    def cancel_view(self, request: HttpRequest, run_id: str) -> HttpResponse:
        if request.method != "POST" or not request.user.has_perm("training.change_trainingrun"):
            raise PermissionDenied
        run = get_object_or_404(TrainingRun.objects.select_related("job"), pk=run_id)
        lifecycle.cancel(run.job, str(request.user))
        messages.info(request, "The run was told to end.")
        return HttpResponseRedirect(reverse("admin:training_trainingrun_change", args=[run_id]))

    def _may_look(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def standing(run: TrainingRun) -> dict[str, Any]:
    """A run as its page shows it."""
    job = run.job
    judgement = run.model.judgements.defer("report").first() if run.model else None
    return {
        "state": job.state,
        "ended": job.ended,
        "progress": job.progress,
        "attempt": job.attempt,
        "epochs": run.epochs,
        "live": run.live if job.state == State.RUNNING else {},
        "curve": run.curve,
        "log": run.log,
        "error": (job.error or {}).get("detail", ""),
        "version": run.model.pk if run.model else None,
        "gate": None if judgement is None else {"passed": judgement.passed, "sentence": judgement.sentence},
        "seconds": job.seconds_run,
    }


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin[Schedule]):
    """One row: when the program retrains by itself."""

    fields = ["enabled", "new_labels", "at", "epochs", "last_checked_at", "last_outcome"]
    readonly_fields = ["last_checked_at", "last_outcome"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:training_schedule_change", args=[Schedule.the().pk]))
