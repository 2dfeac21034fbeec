"""Strokes from JSON: what is taken, and what is refused, fast."""

import json
import tracemalloc
from typing import Any

import numpy as np
import pytest

from recognition.reader.ink import MAX_POINTS, BadInk, parse_strokes


def test_points_with_time_and_pressure() -> None:
    ink = parse_strokes({"strokes": [[[1, 2], [3, 4, 1.7e12], [5, 6.5, 20, 0.5]], [[-50, 900]]]})
    assert [stroke.tolist() for stroke in ink.strokes] == [[[1, 2], [3, 4], [5, 6.5]], [[-50, 900]]]
    assert (ink.width, ink.height, ink.brush) == (280, 280, 16)


def test_sizes_are_kept() -> None:
    ink = parse_strokes({"strokes": [], "width": 50, "height": 60.5, "brush": 4})
    assert (ink.width, ink.height, ink.brush) == (50, 60.5, 4)
    assert ink.strokes == ()


BAD: list[Any] = [
    {},
    [],
    None,
    {"strokes": None},
    {"strokes": {}},
    {"strokes": "12"},
    {"strokes": [[]]},
    {"strokes": [[[1, 2]], []]},
    {"strokes": [5]},
    {"strokes": [[5]]},
    {"strokes": [[[1]]]},
    {"strokes": [[[1, 2, 3, 4, 5]]]},
    {"strokes": [[[1, None]]]},
    {"strokes": [[["1", 2]]]},
    {"strokes": [["12"]]},
    {"strokes": [[[True, 2]]]},
    {"strokes": [[[1, 2, False]]]},
    {"strokes": [[[[1], 2]]]},
    {"strokes": [[{"x": 1, "y": 2}]]},
    {"strokes": [[[float("nan"), 2]]]},
    {"strokes": [[[1, float("-inf")]]]},
    {"strokes": [[[1, 2, float("nan")]]]},
    {"strokes": [[[10**400, 2]]]},
    {"strokes": [[[1_000_001, 2]]]},
    {"strokes": [[[1, -1e300]]]},
    *({"strokes": [], name: value} for name in ("width", "height", "brush")
      for value in (0, -1, 10_001, None, True, "9", float("nan"), float("inf"), 10**400)),
]  # fmt: skip


@pytest.mark.parametrize("box", BAD, ids=lambda box: str(box)[:40])
def test_refused(box: Any) -> None:
    with pytest.raises(BadInk, match=r"^[A-Za-z][^\n]*\.$"):
        parse_strokes(box)


def test_the_stroke_is_named() -> None:
    with pytest.raises(BadInk, match="Stroke 2"):
        parse_strokes({"strokes": [[[1, 2]], [[float("nan"), 2]]]})


def test_as_many_points_as_allowed_and_no_more() -> None:
    point = [1.0, 2.0]
    assert len(parse_strokes({"strokes": [[point] * MAX_POINTS]}).strokes[0]) == MAX_POINTS
    with pytest.raises(BadInk, match="points"):
        parse_strokes({"strokes": [[point] * MAX_POINTS, [point]]})


@pytest.mark.parametrize("strokes", [[[[1, 2]] * 1_000_000], [[[1, 2]]] * 1_000_000], ids=["long", "many"])
def test_a_flood_is_refused_at_once(strokes: list[Any]) -> None:
    tracemalloc.start()
    with pytest.raises(BadInk):
        parse_strokes({"strokes": strokes})
    assert tracemalloc.get_traced_memory()[1] < 1_000_000, "it was copied before it was counted"
    tracemalloc.stop()


def test_what_json_gives_is_enough() -> None:
    box = json.loads('{"strokes": [[[10, 20], [30.5, 40, 12, 0.3]]], "brush": 8}')
    assert np.allclose(parse_strokes(box).strokes[0], [[10, 20], [30.5, 40]])
