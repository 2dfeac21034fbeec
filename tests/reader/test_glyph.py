"""One drawing has one glyph, wherever, how large, with what brush and in which colours it was drawn."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.reader.glyph import glyph
from recognition.reader.ink import Picture, Strokes
from tests.drawing import mnist
from tests.reader.hand import HAND, along, dotted, picture, strokes

digits = st.sampled_from(sorted(HAND))


def made(ink: Picture | Strokes) -> np.ndarray:
    result = glyph(ink)
    assert result is not None
    assert result.shape == (28, 28)
    assert result.dtype == np.uint8
    return result


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The mean difference of two glyphs as a part of their ink: 0 alike, 2 nothing in common."""
    a, b = one.astype(float), other.astype(float)
    return float(np.abs(a - b).sum() / (0.5 * (a.sum() + b.sum())))


def test_different_digits_are_apart() -> None:
    """What the limits below are worth: they lie far under the differences of digits."""
    shapes = [made(strokes(digit)) for digit in sorted(HAND)]
    differences = [apart(a, b) for i, a in enumerate(shapes) for b in shapes[i + 1 :]]
    assert min(differences) > 0.55


@settings(max_examples=60, deadline=None)
@given(digits, st.floats(-900, 900), st.floats(-900, 900), st.floats(0.2, 30), st.floats(1, 12))
def test_strokes_anywhere_at_any_size(digit: str, x: float, y: float, scale: float, brush: float) -> None:
    assert apart(made(strokes(digit)), made(strokes(digit, scale, (x, y), brush))) < 0.06


@settings(max_examples=60, deadline=None)
@given(digits, st.integers(0, 120), st.integers(0, 120), st.floats(0.5, 2.0), st.floats(3, 12))
def test_pictures_match_strokes(digit: str, x: int, y: int, scale: float, brush: float) -> None:
    drawn = picture(strokes(digit, scale, (x, y), brush), side=330)
    assert apart(made(strokes(digit)), made(drawn)) < 0.30


@settings(max_examples=40, deadline=None)
@given(digits, st.integers(0, 255), st.integers(0, 255))
def test_polarity_and_contrast(digit: str, paper: int, pen: int) -> None:
    if abs(paper - pen) < 15:
        return
    drawn = picture(strokes(digit, 1.4), paper=paper, pen=pen)
    assert apart(made(strokes(digit)), made(drawn)) < 0.30


@pytest.mark.parametrize("digit", sorted(HAND))
@pytest.mark.parametrize("brush", [1, 4, 12])
def test_the_page_of_50(digit: str, brush: float) -> None:
    drawn = picture(
        strokes(digit, 0.5, brush=2 * brush) if brush < 12 else strokes(digit, 0.5, brush=14), side=50
    )
    assert apart(made(strokes(digit)), made(drawn)) < 0.35


@pytest.mark.parametrize("digit", sorted(HAND))
def test_shape(digit: str) -> None:
    shape = made(strokes(digit)).astype(float)
    rows, columns = np.nonzero(shape > 60)
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    assert 18 <= longer <= 21
    total = shape.sum()
    assert abs((shape.sum(axis=1) * np.arange(28)).sum() / total - 13.5) < 0.7
    assert abs((shape.sum(axis=0) * np.arange(28)).sum() / total - 13.5) < 0.7


def test_a_one_stays_narrow() -> None:
    _, columns = np.nonzero(made(picture(strokes("1", 2.8))) > 60)
    assert np.ptp(columns) <= 4


@pytest.mark.parametrize("digit", sorted(set(HAND) - {"1"}))
def test_dots_along_a_stroke_are_joined(digit: str) -> None:
    ink = strokes(digit, brush=7)
    loose = Strokes(tuple(p[None] for path in ink.strokes for p in along(path, 12)), 100, 100, 7)
    for drawn in (loose, dotted(ink, 12, 100)):
        shape = made(drawn)
        parts = cv2.connectedComponents((shape > 100).astype(np.uint8))[0] - 1
        assert parts <= 2
        assert apart(made(ink), shape) < 0.5


def test_a_single_tap_is_a_dot() -> None:
    tap = Strokes((np.array([[40.0, 40.0]]),), 280, 280, 16)
    for drawn in (tap, picture(tap)):
        shape = made(drawn)
        rows, columns = np.nonzero(shape > 60)
        assert 2 <= np.ptp(rows) + 1 <= 6
        assert 2 <= np.ptp(columns) + 1 <= 6
        assert shape[13:15, 13:15].min() > 200


def test_points_outside_the_canvas_are_ink() -> None:
    inside = strokes("7")
    outside = Strokes(tuple(path + np.array([500, -700]) for path in inside.strokes), 100, 100, 6)
    assert apart(made(inside), made(outside)) < 0.02


def test_a_stray_tap_is_dropped() -> None:
    ink = strokes("3", 2.8)
    stray = Strokes((*ink.strokes, np.array([[8.0, 270.0]])), 280, 280, ink.brush)
    assert apart(made(ink), made(stray)) < 0.02
    assert apart(made(picture(ink)), made(picture(stray))) < 0.1


def noise(spread: float, shape: tuple[int, int] = (280, 280)) -> np.ndarray:
    return np.random.default_rng(3).normal(0, spread, shape)


def as_picture(values: np.ndarray) -> Picture:
    return Picture(np.clip(values, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("digit", sorted(HAND))
def test_uneven_light_grain_specks_and_printed_lines(digit: str) -> None:
    clean = picture(strokes(digit, 2.8, brush=5)).grey.astype(float)
    wanted = made(as_picture(clean))
    light = np.linspace(0.6, 1.0, 280)[None] * np.linspace(0.85, 1, 280)[:, None]
    specks = clean.copy()
    specks[::37, ::41] = 0
    framed = clean.copy()
    for line in (slice(0, 4), slice(276, 280)):
        framed[line] = 40
        framed[:, line] = 40
    lines = clean.copy()
    lines[:, :5] = 0
    for drawn in (clean * light + noise(4), 200 - (255 - clean) * 0.25 + noise(5), specks, framed, lines):
        assert apart(wanted, made(as_picture(drawn))) < 0.25


@pytest.mark.parametrize("digit", sorted(HAND))
def test_cropped_to_the_ink(digit: str) -> None:
    if digit == "1":
        return  # then nothing but ink is left
    grey = picture(strokes(digit, 2.8)).grey
    rows, columns = np.nonzero(grey < 128)
    cropped = Picture(
        np.ascontiguousarray(grey[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])
    )
    assert apart(made(strokes(digit)), made(cropped)) < 0.35


@pytest.mark.parametrize(
    "values",
    [
        np.full((280, 280), 255),
        np.zeros((50, 50)),
        np.full((1, 1), 7),
        np.full((1, 900), 90),
        200 + noise(3),
        200 + noise(12),
        128 + noise(30, (50, 50)),
        cv2.GaussianBlur(200 + noise(60), (0, 0), 3),
        np.linspace(110, 220, 280)[None] * np.ones((280, 1)),
        255 - 0.004 * ((np.mgrid[:280, :280] - 140) ** 2).sum(axis=0),
        np.pad(np.full((274, 274), 255), 3),
        np.where(np.random.default_rng(1).random((280, 280)) < 0.0005, 0, 255),
    ],
    ids=["white", "black", "pixel", "line", "grain", "coarse grain", "noise", "cloudy", "gradient",
         "vignette", "empty frame", "dust"],
)  # fmt: skip
def test_blank(values: np.ndarray) -> None:
    assert glyph(as_picture(values.astype(float))) is None


def test_no_strokes_are_blank() -> None:
    assert glyph(Strokes((), 280, 280, 16)) is None


def test_every_mnist_digit_is_ink_and_keeps_its_shape() -> None:
    pixels, _ = mnist()
    apartness = [apart(image, made(Picture(image))) for image in pixels[::25]]
    assert float(np.median(apartness)) < 0.6


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.randoms(use_true_random=False))
def test_any_picture_has_an_answer(height: int, width: int, chance: object) -> None:
    values = np.random.default_rng(height * 41 + width).integers(0, 256, (height, width))
    result = glyph(as_picture(values.astype(float)))
    assert result is None or result.shape == (28, 28)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=1, max_size=20), max_size=20))
def test_any_strokes_have_an_answer(paths: list[list[tuple[float, float]]]) -> None:
    result = glyph(Strokes(tuple(np.array(path, dtype=np.float64) for path in paths), 280, 280, 16))
    assert (result is None) == (not paths)
