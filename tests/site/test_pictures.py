"""Ink on pages is shown whole."""

import re

import pytest

from recognition.pictures import of_strokes


@pytest.mark.parametrize(
    ("points", "view"),
    [
        ([[10, 10], [90, 70]], "0 0 100 80"),
        ([[-30, 10], [90, 95]], "-34 0 134 99"),
        ([[10, -50], [120, 20]], "0 -54 124 134"),
    ],
)
def test_what_was_drawn_beyond_the_canvas_is_seen(points: list[list[float]], view: str) -> None:
    ink = {"strokes": [points], "width": 100, "height": 80, "brush": 8}
    found = re.search(r'viewBox="([^"]+)"', of_strokes(ink, 50))
    assert found is not None
    assert found[1] == view
