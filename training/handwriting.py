"""Made hands: digits that nobody wrote, in many people's manners, for training and for tests.

A `Hand` is one writer's habits: which form each digit has, how it slants, how steady it is. `write` draws a
digit by a hand, each time a little otherwise. Pure numpy; the same random numbers give the same ink.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.reader.ink import Strokes
from training.allographs import ALLOGRAPHS

SIDE = 280.0
"""The page's canvas."""
Forms = dict[int, dict[str, tuple[float, list[list[tuple[float, float]]]]]]
"""By digit, by name: how usual a form is, and its strokes, as in `training.allographs`."""
DENSE = 8
"""Points between two control points."""


@dataclass(frozen=True, eq=False)
class Hand:
    """One writer's habits."""

    forms: tuple[str, ...]  # of the digits 0 to 9, names in ALLOGRAPHS
    slant: float  # shear: x for each y
    aspect: float  # width over what is usual
    turn: float  # radians
    size: float  # of the canvas' side
    brush: float  # px
    unsteady: float  # how far points stray, as a part of the height
    wave: float  # how far strokes bend
    habit: NDArray[np.float64]  # (10, 40, 2): how this hand bends each digit's points, always alike


def hand(random: np.random.Generator) -> Hand:
    """A writer at random. Who writes 1 with a long flag bars the 7, mostly; who writes a stick does not."""
    forms = [_form(digit, random) for digit in range(10)]
    if forms[1] == "long flag" and random.random() < 0.85:
        forms[7] = str(random.choice(["barred", "serif and bar"]))
    elif forms[1] == "stick" and random.random() < 0.8:
        forms[7] = str(random.choice(["plain", "serif", "curved"]))
    return Hand(
        forms=tuple(forms),
        slant=float(random.normal(0.12, 0.16)),
        aspect=float(np.exp(random.normal(0, 0.2))),
        turn=float(random.normal(0, 0.06)),
        size=float(random.uniform(0.45, 0.9)),
        brush=float(random.choice([16.0, 16.0, 8.0, 12.0, 24.0])),
        unsteady=float(random.uniform(0.006, 0.026)),
        wave=float(random.uniform(0.0, 0.022)),
        habit=random.normal(0, 0.032, (10, 40, 2)),
    )


def write(writer: Hand, digit: int, random: np.random.Generator, forms: Forms = ALLOGRAPHS) -> Strokes:
    """A digit by a hand on the page's canvas; `forms` are those that its names of forms are looked up in."""
    _usual, form = forms[digit][writer.forms[digit]]
    height, waves = random.normal(0, writer.wave, (3, 2)), random.uniform(0.5, 1.5, (3, 2))
    phases = random.uniform(0, 2 * np.pi, (3, 2))
    paths: list[NDArray[np.float64]] = []
    used = 0
    for stroke in form:
        points = np.array(stroke, np.float64)
        away = writer.habit[digit, used : used + len(points)] + random.normal(
            0, writer.unsteady, points.shape
        )
        used += len(points)
        repeated = np.append(False, (points[1:] == points[:-1]).all(axis=1))
        away[repeated] = away[np.flatnonzero(repeated) - 1]  # a corner stays one
        paths.append(_bent(_curve(points + away), height, waves, phases))
    return _placed(paths, writer, random)


def _form(digit: int, random: np.random.Generator) -> str:
    forms = ALLOGRAPHS[digit]
    usual = np.array([weight for weight, _strokes in forms.values()])
    return str(random.choice(list(forms), p=usual / usual.sum()))


def _curve(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth curve through points (Catmull-Rom), broken where a point is given twice."""
    breaks = np.flatnonzero((points[1:] == points[:-1]).all(axis=1)) + 1
    pieces = [_smooth(piece) for piece in np.split(points, breaks)]
    return np.concatenate(pieces)


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(points) < 3:
        return points
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, DENSE, endpoint=False)[:, None]
    a, b, c, d = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    spans = [
        0.5 * (2 * b[i] + (c[i] - a[i]) * t + (2 * a[i] - 5 * b[i] + 4 * c[i] - d[i]) * t**2
               + (3 * b[i] - a[i] - 3 * c[i] + d[i]) * t**3)
        for i in range(len(b))
    ]  # fmt: skip
    return np.concatenate([*spans, points[-1:]])


def _bent(
    path: NDArray[np.float64],
    height: NDArray[np.float64],
    waves: NDArray[np.float64],
    phases: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The path pushed about by long waves over the digit's box."""
    along = path[:, None, ::-1] * waves * 2 * np.pi + phases
    return path + (height * np.sin(along)).sum(axis=1)


def _placed(paths: list[NDArray[np.float64]], writer: Hand, random: np.random.Generator) -> Strokes:
    """Slanted, turned, sized, and put about the middle of the canvas."""
    turn = writer.turn + random.normal(0, 0.03)
    aspect = writer.aspect * np.exp(random.normal(0, 0.05))
    slant = writer.slant + random.normal(0, 0.03)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = matrix @ np.array([[aspect, -slant], [0, 1]])
    paths = [path @ matrix.T for path in paths]
    points = np.concatenate(paths)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    room = SIDE - writer.brush
    size = SIDE * writer.size * np.exp(random.normal(0, 0.06))
    scale = min(size / max(extent[1], 0.6), room / max(float(extent.max()), 1e-6))
    free = room - extent * scale
    corner = writer.brush / 2 + free * np.clip(random.normal(0.5, 0.12, 2), 0, 1)
    return Strokes(tuple((path - low) * scale + corner for path in paths), SIDE, SIDE, writer.brush)
