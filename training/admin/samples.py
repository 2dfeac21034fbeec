"""Samples in the admin: seen as pictures, with the history of their labels; relabelled, one or many."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import F, OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from phonereader.admin import NewestPaginator, ReadOnly
from recognition import pictures
from recognition.admin import ModelFilter, certainty
from recognition.models import Reading
from training import review, samples
from training.admin import keys, second_look
from training.admin.review import CertaintyFilter
from training.models import LABELS, NO_DIGIT, Label, Sample
from training.review import reviewer

SIDE, BIG = 56, 240
SERVED = {"box__readings__model": F("box__submission__model")}
"""The reading that the sender got."""


class ServedCertainty(CertaintyFilter):
    def between(self, rows: QuerySet[Any], low: float, high: float) -> QuerySet[Any]:
        return rows.filter(**SERVED, box__readings__confidence__gte=low, box__readings__confidence__lt=high)


class ServedModel(ModelFilter):
    def of_version(self, rows: QuerySet[Any], version: int) -> QuerySet[Any]:
        return rows.filter(box__submission__model=version)


class LabelState(admin.SimpleListFilter):
    """Whether a label stands, and whether it agrees with what was read."""

    title = "label"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("labelled", "labelled"), ("withdrawn", "withdrawn"), ("misread", "misread")]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "labelled":
                return rows.exclude(digit="")
            case "withdrawn":
                return rows.filter(digit="")
            case "misread":  # one filter(): all of it is about the same reading
                wrong = rows.exclude(digit__in=["", NO_DIGIT]).filter(**SERVED)
                return wrong.exclude(box__readings__digit=F("digit"))
        return rows


class LabelInline(ReadOnly, admin.TabularInline[Label, Sample]):
    """The history of a sample, newest first."""

    model = Label
    verbose_name_plural = "history of its label"
    fields = ["at", "says", "by", "user", "via"]
    readonly_fields = ("at", "says", "by", "user", "via")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Label]:
        return super().get_queryset(request).select_related("user")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # of whoever may look at the sample

    @admin.display(description="label")
    def says(self, label: Label) -> str:
        return ("undone: " if label.undoes_id else "") + (label.text or "withdrawn")


class RelabelForm(ActionForm):
    """Beside the actions: which label."""

    label = forms.ChoiceField(
        choices=[("", "to ..."), *((text, "not a digit" if text == NO_DIGIT else text) for text in LABELS)],
        required=False,
        label="",
    )


@admin.register(Sample)
class SampleAdmin(admin.ModelAdmin[Sample]):
    list_display = [
        "thumbnail",
        "said",
        "split",
        "read_as",
        "sure",
        "model_version",
        "labelled",
        "labelled_by",
    ]
    list_display_links = ["thumbnail", "said"]
    list_filter = [
        LabelState,
        "digit",
        "split",
        ("labelled_at", admin.DateFieldListFilter),
        ServedModel,
        ServedCertainty,
    ]
    paginator = NewestPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 100
    action_form = RelabelForm
    actions = ["confirm_readings", "relabel", "withdraw"]
    inlines = [LabelInline]
    readonly_fields = [
        "drawing", "split", "origin", "read_as", "sure", "model_version", "number", "created_at",
        "labelled_at", "ink_sha256",
    ]  # fmt: skip
    fields = ["drawing", "digit", *readonly_fields[1:]]
    change_list_template = "training/samples.html"

    class Media:
        css = {"all": ["recognition/admin.css"]}

    def get_urls(self) -> list[URLPattern]:
        return [*second_look.urls(self.admin_site), *super().get_urls()]

    # --- Who may ------------------------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return keys.may_review(request) or super().has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return keys.may_review(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a label is withdrawn; its history stays

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Samples", **(extra_context or {})})

    # --- What is shown ------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sample]:
        newest = Label.objects.filter(sample=OuterRef("pk")).order_by("-id")
        readings = Prefetch("box__readings", Reading.objects.defer("glyph", "probabilities"))
        rows = super().get_queryset(request).select_related("box__submission").prefetch_related(readings)
        rows = rows.defer("strokes", "picture", "box__strokes", "box__picture", "box__submission__timings")
        return rows.annotate(newest_by=Subquery(newest.values("by")[:1]))

    @admin.display(description="drawing")
    def thumbnail(self, sample: Sample) -> SafeString:
        return pictures.of_glyph(sample.glyph, SIDE)

    @admin.display(description="drawing")
    def drawing(self, sample: Sample) -> SafeString:
        ink = pictures.of_ink(sample.strokes, sample.picture, BIG)
        return format_html('<span class="drawn">{} {}</span>', ink, self.thumbnail(sample))

    @admin.display(description="label", ordering="digit")
    def said(self, sample: Sample) -> SafeString:
        return format_html("<strong>{}</strong>", sample.digit or "withdrawn")

    @admin.display(description="read as")
    def read_as(self, sample: Sample) -> SafeString | str:
        reading = served(sample)
        if reading is None:
            return "—"
        wrong = sample.digit in (*"0123456789",) and reading.digit != sample.digit
        return format_html('<span class="{}">{}</span>', "disputed" if wrong else "", reading)

    @admin.display(description="certainty")
    def sure(self, sample: Sample) -> SafeString | str:
        reading = served(sample)
        return "—" if reading is None or reading.confidence is None else certainty(reading.confidence)

    @admin.display(description="model")
    def model_version(self, sample: Sample) -> str:
        reading = served(sample)
        return "—" if reading is None else str(reading.model_id)

    @admin.display(description="number")
    def number(self, sample: Sample) -> SafeString | str:
        if sample.box is None:
            return "—"
        address = reverse("admin:recognition_submission_change", args=[sample.box.submission_id])
        return format_html('<a href="{}">{}</a>, {}', address, sample.box.submission, sample.box)

    @admin.display(description="labelled", ordering="labelled_at")
    def labelled(self, sample: Sample) -> str:
        return f"{sample.labelled_at:%Y-%m-%d %H:%M}"

    @admin.display(description="by")
    def labelled_by(self, sample: Sample) -> str:
        return getattr(sample, "newest_by", None) or "—"

    # --- Labels -------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Sample, form: Any, change: bool) -> None:
        if "digit" in form.changed_data:
            samples.relabel(obj, form.cleaned_data["digit"], reviewer(keys.user_of(request)))

    @admin.action(description="Confirm as read", permissions=["change"])
    def confirm_readings(self, request: HttpRequest, rows: QuerySet[Sample]) -> None:
        self._relabel(request, rows, None)

    @admin.action(description="Relabel", permissions=["change"])
    def relabel(self, request: HttpRequest, rows: QuerySet[Sample]) -> None:
        text = request.POST.get("label", "")
        if text in LABELS:
            self._relabel(request, rows, text)
        else:
            messages.error(request, "Choose the label beside the action.")

    @admin.action(description="Withdraw the label", permissions=["change"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Sample]) -> None:
        self._relabel(request, rows, "")

    def _relabel(self, request: HttpRequest, rows: QuerySet[Sample], text: str | None) -> None:
        chosen = Sample.objects.filter(pk__in=rows.order_by().values("pk"))
        done = review.relabel_all(keys.user_of(request), chosen, text)
        words = ngettext("%d label was changed.", "%d labels were changed.", done.count) % done.count
        if done.skipped:
            words += f" {done.skipped} needed no change, or were not read as a digit."
        if done.count + done.skipped == review.CONFIRMED_AT_ONCE:
            words += f" These were the first {review.CONFIRMED_AT_ONCE}."
        messages.add_message(request, messages.SUCCESS if done.count else messages.WARNING, words)


def served(sample: Sample) -> Reading | None:
    """The reading that the sender got; None of an imported sample, or when the number was deleted."""
    if sample.box is None:
        return None
    version = sample.box.submission.model_id
    return next((reading for reading in sample.box.readings.all() if reading.model_id == version), None)
