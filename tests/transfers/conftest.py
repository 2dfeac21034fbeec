"""Reviewed samples of all sorts, and ways to put them out and in again."""

from io import BytesIO
from typing import Any

import pytest

from tests.drawing import as_bytes, box_of_strokes, mnist, picture_of
from training import outgoing, samples
from training.formats.files import source
from training.formats.known import WRITERS
from training.incoming import Report, made, open_as
from training.models import Sample
from training.samples import Reviewer

ANNA = Reviewer("anna")


def add(origin: str, text: str, **ink: Any) -> Sample:
    sample = samples.take_in(origin, text, ANNA, **ink)
    assert sample is not None
    return sample


@pytest.fixture
def reviewed(db: None) -> None:
    """Every digit and no digit, as pictures in many formats and as strokes, of both splits."""
    for digit in "0123456789":
        for example in range(2):
            add(f"submission:{example}", digit, picture=as_bytes(picture_of(digit, example)))
    for example, kind in enumerate(["JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF"], 5):
        add(f"submission:{kind}", "3", picture=as_bytes(picture_of("3", example), kind))
    for digit in "170":
        add(f"submission:strokes-{digit}", digit, strokes=box_of_strokes(digit))
    away = {"strokes": [[[-40, 10], [20, 300, 12], [90, 10, 20, 0.5]]], "width": 100.5, "height": 60}
    add("submission:away", samples.LABELS[-1], strokes=away)
    assert set(Sample.objects.values_list("split", flat=True)) == {"train", "holdout"}


def written(format_name: str) -> bytes:
    file = BytesIO()
    WRITERS[format_name](outgoing.items(outgoing.reviewed()), file)
    return file.getvalue()


def taken_in(format_name: str, data: bytes, name: str = "upload.zip", by: Reviewer = ANNA) -> Report:
    report = Report()
    found = open_as(format_name, source(name, data))
    batch = list(made(found.entries, by, report, strict=False))
    report.taken_in(len(batch), samples.take_in_all(batch, by))
    return report


def kept() -> list[tuple[Any, ...]]:
    """Everything that a round trip may not change."""
    rows = Sample.objects.order_by("ink_sha256", "origin")
    return [
        (
            row.ink_sha256,
            row.strokes,
            None if row.picture is None else bytes(row.picture),
            bytes(row.glyph),
            row.digit,
            row.split,
            row.origin,
            row.labels.latest("id").by,
        )
        for row in rows
    ]


def picture(digit: str, example: int = 0) -> bytes:
    return as_bytes(picture_of(digit, example))


def glyphs(digits: str) -> Any:
    """MNIST's own pictures of digits."""
    import numpy as np

    pixels, labels = mnist()
    return np.stack([pixels[labels == int(digit)][number] for number, digit in enumerate(digits)])
