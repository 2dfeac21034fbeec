"""Imports, exports and shadow runs in the admin: started with a form, watched, cancelled, fetched."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from phonereader.admin import ReadOnly
from phonereader.jobs import lifecycle
from phonereader.jobs.states import TERMINAL
from recognition import pictures
from recognition.models import ModelVersion
from training import transfers
from training.models import Difference, Sample, Transfer
from training.transfer_forms import ExportForm, ImportForm, ShadowForm

SHOWN = 60
"""Differences on one page."""


@admin.register(Transfer)
class TransferAdmin(ReadOnly, admin.ModelAdmin[Transfer]):
    list_display = ["started", "what", "state", "about", "outcome", "by"]
    list_filter = ["what", "job__state"]
    list_per_page = 25
    show_full_result_count = False
    change_list_template = "training/transfers.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transfer]:
        return super().get_queryset(request).select_related("job__user").defer("file")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("import/", wrap(self.import_view), name="transfer_import"),
            path("export/", wrap(self.export_view), name="transfer_export"),
            path("shadow/", wrap(self.shadow_view), name="transfer_shadow"),
            path("<uuid:transfer_id>/live/", wrap(self.live_view), name="transfer_live"),
            path("<uuid:transfer_id>/cancel/", wrap(self.cancel_view), name="transfer_cancel"),
            path("<uuid:transfer_id>/file/", wrap(self.file_view), name="transfer_file"),
            *super().get_urls(),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Transfer | None = None) -> bool:
        """What has ended may be deleted, with the file that it holds; its job stays."""
        return bool(request.user.has_perm("training.delete_transfer")) and (obj is None or obj.job.ended)

    # --- The list -----------------------------------------------------------------------------------

    @admin.display(description="started", ordering="-job_id")
    def started(self, transfer: Transfer) -> str:
        return f"{transfer.job.created_at:%Y-%m-%d %H:%M}"

    @admin.display(description="state", ordering="job__state")
    def state(self, transfer: Transfer) -> SafeString:
        return format_html('<span class="state {}">{}</span>', transfer.job.state, transfer.job.state)

    @admin.display(description="about")
    def about(self, transfer: Transfer) -> str:
        return about(transfer)

    @admin.display(description="outcome")
    def outcome(self, transfer: Transfer) -> str:
        return words(transfer) or "—"

    @admin.display(description="by")
    def by(self, transfer: Transfer) -> str:
        return str(transfer.job.user or transfer.job.caller or "—")

    # --- Starting one -------------------------------------------------------------------------------

    def import_view(self, request: HttpRequest) -> HttpResponse:
        form = ImportForm(request.POST or None, request.FILES or None)
        intro = "Every drawing becomes a sample with its label, unless the same ink is there already."
        return self._start(request, form, Transfer.What.IMPORT, "Import samples", intro)

    def export_view(self, request: HttpRequest) -> HttpResponse:
        count = Sample.objects.exclude(digit="").count()
        intro = f"Samples with a label: {count}."
        form = ExportForm(request.POST or None)
        return self._start(request, form, Transfer.What.EXPORT, "Export samples", intro)

    def shadow_view(self, request: HttpRequest) -> HttpResponse:
        form = ShadowForm(request.POST or None, initial={"version": request.GET.get("version")})
        intro = "What would this version have read in the last numbers? Nothing that was read changes."
        return self._start(request, form, Transfer.What.SHADOW, "Shadow run", intro)

    def _start(
        self, request: HttpRequest, form: forms.Form, what: str, title: str, intro: str
    ) -> HttpResponse:
        if not request.user.has_perm("training.add_transfer"):
            raise PermissionDenied
        if request.method == "POST" and form.is_valid():
            assert isinstance(request.user, User)
            options = dict(form.cleaned_data)
            fields: dict[str, Any] = {}
            if file := options.pop("file", None):
                fields = {"file": file.read(), "file_name": file.name[-200:]}
            if version := options.get("version"):
                options["version"] = version.pk
            caller = f"user:{request.user.pk}"
            job = transfers.start(what, request.user, caller, options=options, **fields)
            return HttpResponseRedirect(address_of(job.id))
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "intro": intro,
        }
        return TemplateResponse(request, "training/transfer_start.html", context)

    # --- Watching one -------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        transfer = self._found(request, object_id)
        ended = transfer.job.ended
        has_file = transfer.what == Transfer.What.EXPORT and bool(transfer.file_name)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{transfer.get_what_display()}: {about(transfer)}".capitalize(),
            "opts": self.opts,
            "transfer": transfer,
            "now": standing(transfer),
            "report": transfer.report,
            "file": transfer.file_name if has_file and may_start(request) else "",
            "shadow": differences(request, transfer) if ended and transfer.what == "shadow" else None,
            "may_cancel": request.user.has_perm("training.change_transfer"),
            "may_delete": self.has_delete_permission(request, transfer),
        }
        return TemplateResponse(request, "training/transfer.html", context)

    def live_view(self, request: HttpRequest, transfer_id: str) -> JsonResponse:
        """Where the transfer stands, for the page that watches it."""
        return JsonResponse(standing(self._found(request, transfer_id)))

    def cancel_view(self, request: HttpRequest, transfer_id: str) -> HttpResponse:
        if request.method != "POST" or not request.user.has_perm("training.change_transfer"):
            raise PermissionDenied
        lifecycle.cancel(self._found(request, transfer_id).job, str(request.user))
        messages.info(request, "The transfer was told to end.")
        return HttpResponseRedirect(address_of(transfer_id))

    def file_view(self, request: HttpRequest, transfer_id: str) -> HttpResponse:
        """What was exported: all drawings with their labels, so only for who may export."""
        if not may_start(request):
            raise PermissionDenied
        transfer = self._found(request, transfer_id)
        if transfer.what != Transfer.What.EXPORT or transfer.file is None:
            raise Http404
        return HttpResponse(
            bytes(transfer.file),
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{transfer.file_name}"'},
        )

    def _found(self, request: HttpRequest, transfer_id: Any) -> Transfer:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request), pk=transfer_id)


def may_start(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("training.add_transfer"))


def address_of(transfer_id: Any) -> str:
    return reverse("admin:training_transfer_change", args=[transfer_id])


def about(transfer: Transfer) -> str:
    """What it is about, in a few words."""
    options = transfer.options
    if transfer.what == Transfer.What.SHADOW:
        return f"version {options.get('version')}, last {options.get('count')} numbers"
    parts = [str(options.get("format", "")), str(options.get("split") or "")]
    if transfer.what == Transfer.What.IMPORT:
        parts.insert(0, transfer.file_name)
    return ", ".join(part for part in parts if part)


def words(transfer: Transfer) -> str:
    """What came of it, in a line."""
    job, report = transfer.job, transfer.report
    if job.error:
        return str(job.error.get("detail", ""))
    if not report:
        return ""
    if transfer.what == Transfer.What.IMPORT:
        return str(report["words"])
    if transfer.what == Transfer.What.EXPORT:
        return f"{report['count']} samples."
    return f"{report['changed']} of {report['boxes']} digits differ, in {report['numbers_changed']} numbers."


def standing(transfer: Transfer) -> dict[str, Any]:
    """A transfer as its page shows it."""
    job = transfer.job
    return {
        "state": job.state,
        "ended": job.state in TERMINAL,
        "progress": job.progress,
        "attempt": job.attempt,
        "words": words(transfer),
    }


def differences(request: HttpRequest, transfer: Transfer) -> dict[str, Any]:
    """A page of what a shadow run reads otherwise, as pictures; drawings only for who may see numbers."""
    report = transfer.report
    rows = Difference.objects.filter(transfer=transfer).select_related("box__sample").order_by("id")
    page = Paginator(rows, SHOWN).get_page(request.GET.get("p"))
    may_see = request.user.has_perm("recognition.view_submission")
    shown = [
        {
            "picture": pictures.of_box(row.box, 72) if may_see else "",
            "number": row.box.submission_id,
            "position": row.box.position,
            "before": row.before or "blank",
            "after": row.after or "blank",
            "label": getattr(getattr(row.box, "sample", None), "digit", ""),
            "percent": f"{100 * (row.sure_after or 0):.0f}",
        }
        for row in page
    ]
    model = ModelVersion.objects.filter(pk=transfer.options.get("version")).defer("weights").first()
    sure = {key: f"{100 * report.get(key, 0):.2f}" for key in ("sure_before", "sure_after")}
    return {"page": page, "shown": shown, "model": model, **sure}
