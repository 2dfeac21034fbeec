"""Numbers and model versions in the admin: a number is seen as pictures, with what was read and how sure."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from phonereader.admin import NewestPaginator, ReadOnly
from recognition import pictures
from recognition.models import Activation, Box, ModelVersion, Reading, Submission
from recognition.registry import active

DOUBTFUL = 0.9


class ModelFilter(admin.SimpleListFilter):
    """Which version read it; by number, for a row of the registry holds its weights."""

    title = "model version"
    parameter_name = "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = ModelVersion.objects.values_list("version", "architecture")
        return [(str(version), f"version {version} ({architecture})") for version, architecture in rows]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return self.of_version(rows, int(value)) if value and value.isdecimal() else rows

    def of_version(self, rows: QuerySet[Any], version: int) -> QuerySet[Any]:
        return rows.filter(model=version)


@admin.register(Submission)
class SubmissionAdmin(ReadOnly, admin.ModelAdmin[Submission]):
    list_display = ["number", "read_as", "sure", "state", "source", "created_at", "model_version"]
    list_display_links = ["number", "read_as"]
    list_filter = ["job__state", "source", "contributed", ModelFilter, "created_at"]
    search_fields = ["digits", "job__id"]
    list_per_page = 25
    paginator = NewestPaginator
    show_full_result_count = False
    fields = [
        "drawing",
        "read_as",
        "sure",
        "corrected_to",
        "state",
        "job",
        "source",
        "region",
        "contributed",
        "created_at",
        "model_version",
        "timings",
    ]

    class Media:
        css = {"all": ["recognition/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        readings = Prefetch("readings", Reading.objects.select_related("model").defer("model__weights"))
        boxes = Prefetch("boxes", Box.objects.order_by("position").prefetch_related(readings))
        rows = super().get_queryset(request).select_related("job", "model").defer("model__weights")
        return rows.prefetch_related(boxes)

    @admin.display(description="number")
    def number(self, submission: Submission) -> SafeString:
        glyphs = ((pictures.of_glyph(r.glyph if r else None),) for _box, r in boxes_of(submission))
        return format_html('<span class="glyphs">{}</span>', format_html_join("", "{}", glyphs))

    @admin.display(description="read as")
    def read_as(self, submission: Submission) -> SafeString | str:
        result = submission.job.result
        return (result.get("formatted") or result["digits"] or "blank") if result else "—"

    @admin.display(description="certainty", ordering="confidence")
    def sure(self, submission: Submission) -> SafeString | str:
        return "—" if submission.confidence is None else certainty(submission.confidence)

    @admin.display(description="corrected to")
    def corrected_to(self, submission: Submission) -> str:
        return ", ".join(correction.digits for correction in submission.corrections.all()) or "—"

    @admin.display(description="state", ordering="job__state")
    def state(self, submission: Submission) -> str:
        return submission.job.state

    @admin.display(description="model", ordering="model")
    def model_version(self, submission: Submission) -> str:
        return "—" if submission.model_id is None else f"version {submission.model_id}"

    @admin.display(description="drawing")
    def drawing(self, submission: Submission) -> str:
        boxes = [
            {
                "position": box.position,
                "ink": pictures.of_box(box),
                "glyph": pictures.of_glyph(reading.glyph, 56) if reading else "",
                "reading": reading,
                "sure": certainty(reading.confidence) if reading and reading.confidence is not None else "",
                "others": doubts(reading) if reading else [],
            }
            for box, reading in boxes_of(submission)
        ]
        return render_to_string("recognition/admin/drawing.html", {"boxes": boxes})


def boxes_of(submission: Submission) -> list[tuple[Box, Reading | None]]:
    """Each box with its reading by the version that served the submission."""
    return [
        (box, next((r for r in box.readings.all() if r.model_id == submission.model_id), None))
        for box in submission.boxes.all()
    ]


def doubts(reading: Reading) -> list[dict[str, Any]]:
    """The digits that it might be as well: at most two, of a thousandth at least."""
    others = [{**other, "percent": 100 * other["confidence"]} for other in reading.alternatives()[:2]]
    return [other for other in others if other["confidence"] >= 0.001]


def certainty(confidence: float) -> SafeString:
    return format_html(
        '<span class="certainty {}"><meter min="0" max="1" value="{}"></meter> {}</span>',
        "doubtful" if confidence < DOUBTFUL else "",
        f"{confidence:.3f}",
        f"{100 * confidence:.1f} %",
    )


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnly, admin.ModelAdmin[ModelVersion]):
    list_display = ["version", "architecture", "in_service", "origin", "parent", "created_at"]
    exclude = ["weights"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        return super().get_queryset(request).defer("weights")

    @admin.display(boolean=True)
    def in_service(self, version: ModelVersion) -> bool:
        return version == active()


@admin.register(Activation)
class ActivationAdmin(ReadOnly, admin.ModelAdmin[Activation]):
    list_display = ["at", "model", "previous", "by", "reason"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Activation]:
        rows = super().get_queryset(request).select_related("model", "previous")
        return rows.defer("model__weights", "previous__weights")
