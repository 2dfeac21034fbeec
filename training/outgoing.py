"""Exports: the reviewed samples as items of a format."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Prefetch, QuerySet

from recognition.reader.glyph import GLYPH_VERSION, glyph
from training.formats.items import Item, Written
from training.models import Label, Sample
from training.samples import ink_of

AT_ONCE = 200


def reviewed(split: str = "") -> QuerySet[Sample]:
    """All samples with a label, or those of a split."""
    rows = Sample.objects.exclude(digit="")
    return rows.filter(split=split) if split else rows


def items(rows: QuerySet[Sample], step: Callable[[], object] = lambda: None) -> Iterator[Item]:
    """The samples as items, oldest first; ``step`` is called for each."""
    labels = Prefetch("labels", Label.objects.order_by("-id"))
    last = 0
    while page := list(rows.filter(id__gt=last).order_by("id").prefetch_related(labels)[:AT_ONCE]):
        for sample in page:
            step()
            yield item_of(sample)
        last = page[-1].pk


def item_of(sample: Sample) -> Item:
    label = next(iter(sample.labels.all()), None)
    return Item(
        name=str(sample.pk),
        label=sample.digit,
        strokes=sample.strokes,
        picture=None if sample.picture is None else bytes(sample.picture),
        glyph=glyph_of(sample),
        origin=sample.origin,
        split=sample.split,
        who=label.by if label else "",
        when=sample.labelled_at.isoformat(),
    )


def glyph_of(sample: Sample) -> bytes:
    """As the present glyph function makes it."""
    if sample.glyph_version != GLYPH_VERSION:
        made = glyph(ink_of(sample))
        if made is not None:
            return made.tobytes()
    return bytes(sample.glyph)


def as_json(written: Written) -> dict[str, Any]:
    return {
        "count": written.count,
        "per_label": dict(sorted(written.per_label.items())),
        "per_split": written.per_split,
        "words": written.words,
    }


def file_name(format_name: str, count: int) -> str:
    return f"phonereader-{format_name}-{count}.zip"
