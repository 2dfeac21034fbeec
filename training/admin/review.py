"""The digits that wait for a reviewer, as a list: filtered, seen as pictures, confirmed in bulk."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from phonereader.admin import NewestPaginator, ReadOnly
from recognition import pictures
from recognition.admin import ModelFilter, certainty
from recognition.doubts import DISPUTED, claim_of
from recognition.models import Correction, Reading
from training import review
from training.admin import keys
from training.models import Review

SIDE = 56


class CertaintyFilter(admin.SimpleListFilter):
    """How sure the network was."""

    title = "certainty"
    parameter_name = "certainty"
    bounds = {"0-50": (0.0, 0.5), "50-90": (0.5, 0.9), "90-99": (0.9, 0.99), "99-100": (0.99, 1.01)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, f"{name.replace('-', ' to ')} %") for name in self.bounds]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None or value not in self.bounds:
            return rows
        return self.between(rows, *self.bounds[value])

    def between(self, rows: QuerySet[Any], low: float, high: float) -> QuerySet[Any]:
        return rows.filter(confidence__gte=low, confidence__lt=high)


class DigitFilter(admin.SimpleListFilter):
    title = "digit read"
    parameter_name = "digit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(digit, digit) for digit in "0123456789"]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(digit=self.value()) if self.value() else rows


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("disputed", "disputed"), ("read", "read"), ("unreadable", "unreadable")]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "disputed":
            return rows.filter(doubt__gte=DISPUTED)
        return rows.filter(state=self.value()) if self.value() else rows


@admin.register(Review)
class ReviewAdmin(ReadOnly, admin.ModelAdmin[Review]):
    list_display = ["picture", "read_as", "sure", "claimed", "number", "sent", "model_version"]
    list_display_links = None
    list_filter = [
        StateFilter,
        CertaintyFilter,
        DigitFilter,
        ("box__submission__created_at", admin.DateFieldListFilter),
        ModelFilter,
    ]
    ordering = ["-doubt", "-id"]
    paginator = NewestPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count the whole table
    list_per_page = 100
    actions = ["confirm_readings"]
    change_list_template = "training/review_list.html"

    class Media:
        css = {"all": ["recognition/admin.css"]}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return keys.may_review(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return keys.may_review(request)

    def get_urls(self) -> list[URLPattern]:
        return [*keys.urls(self.admin_site), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Digits to review", **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        newest = Correction.objects.filter(submission=OuterRef("box__submission")).order_by("-id")
        rows = super().get_queryset(request).filter(doubt__isnull=False).select_related("box__submission")
        rows = rows.defer("probabilities", "box__strokes", "box__picture", "box__submission__timings")
        return rows.annotate(said=Subquery(newest.values("digits")[:1]))

    @admin.display(description="drawing")
    def picture(self, row: Review) -> SafeString:
        return pictures.of_glyph(row.glyph, SIDE)

    @admin.display(description="read as", ordering="digit")
    def read_as(self, row: Review) -> SafeString:
        return format_html('<strong class="{}">{}</strong>', row.state, row.digit or row.state)

    @admin.display(description="certainty", ordering="confidence")
    def sure(self, row: Review) -> SafeString | str:
        return "—" if row.confidence is None else certainty(row.confidence)

    @admin.display(description="claim")
    def claimed(self, row: Review) -> SafeString | str:
        claim = claim_of(getattr(row, "said", None) or "", row.box.position)
        word = "disputed" if (row.doubt or 0) >= DISPUTED else ""
        return format_html('<span class="{}">{}</span>', word, claim or "—")

    @admin.display(description="number")
    def number(self, row: Review) -> SafeString:
        address = reverse("admin:recognition_submission_change", args=[row.box.submission_id])
        return format_html('<a href="{}">{}</a>, box {}', address, row.box.submission, row.box.position)

    @admin.display(description="sent", ordering="box__submission__created_at")
    def sent(self, row: Review) -> str:
        return f"{row.box.submission.created_at:%Y-%m-%d %H:%M}"

    @admin.display(description="model", ordering="model_id")
    def model_version(self, row: Review) -> str:
        return f"version {row.model_id}"

    @admin.action(description="Confirm the readings", permissions=["view"])
    def confirm_readings(self, request: HttpRequest, rows: QuerySet[Review]) -> None:
        chosen = Reading.objects.filter(pk__in=rows.order_by("-doubt", "-id").values("pk"))
        done = review.confirm(keys.user_of(request), chosen.order_by("-doubt", "-id"))
        words = ngettext("%d reading was confirmed.", "%d readings were confirmed.", done.count) % done.count
        if done.skipped:
            words += f" {done.skipped} could not be: not read as a digit, or in another reviewer's hands."
        if done.count + done.skipped == review.CONFIRMED_AT_ONCE:
            words += f" These were the first {review.CONFIRMED_AT_ONCE}; choose the rest again."
        messages.add_message(request, messages.SUCCESS if done.count else messages.WARNING, words)
