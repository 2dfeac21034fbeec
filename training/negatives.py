"""Boxes that hold ink but no digit, made to teach the reader to refuse: scribbles, letters and signs, two
digits in one box, textures as photos have them. All become glyphs through the reader's own function.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.reader.glyph import glyph
from recognition.reader.ink import Ink, Picture, Strokes

SIDE = 140
LETTERS = "AEFHKMNRVWXhkmwx#%&@*=+"
"""Letters and signs that nobody takes for a digit, unlike O, l, S, Z, B, b, q, g, ..., nor for a careless
one, unlike n, r, t, p, e, ?, >: real sevens, fours and twos would be refused along with those."""
FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)

Random = np.random.Generator


def scribble(random: Random) -> Ink:
    """A pen that goes to and fro: a walk, a hatching, a tangle of loops, or crossing lines."""
    kind = random.integers(4)
    if kind == 0:
        return _strokes([_loops(random, turns=random.uniform(4, 8), wander=0.35)], random)
    if kind == 1:  # hatching
        lines = int(random.integers(5, 14))
        side = np.where(np.arange(lines) % 2, 1.0, 0.0)
        zigzag = np.stack([np.linspace(0, 1, lines), side], axis=1) + random.normal(0, 0.06, (lines, 2))
        return _strokes([_turned(zigzag, random.uniform(0, np.pi))], random)
    if kind == 2:  # many short lines, crossing
        count = int(random.integers(5, 10))
        return _strokes([random.random((2, 2)) for _ in range(count)], random)
    points = random.random((int(random.integers(10, 18)), 2))
    return _strokes([_smooth(points)], random)


def sign(random: Random) -> Ink:
    """A letter or sign, written by a vector font and bent."""
    text = str(random.choice(list(LETTERS)))
    canvas = np.full((SIDE, SIDE), 255, np.uint8)
    thickness = int(random.integers(2, 9))
    cv2.putText(canvas, text, (30, 105), int(random.choice(FONTS)), 3.0, 0, thickness, cv2.LINE_AA)
    return Picture(_bent(canvas, random))


def digits_together(random: Random, glyphs: NDArray[np.uint8]) -> Ink:
    """Two or three digits in one box; ``glyphs`` (N, 28, 28) white on black."""
    count = 2 if random.random() < 0.85 else 3
    width = 62 if count == 2 else 44
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    left = float(random.uniform(2, 12))
    for index in random.integers(len(glyphs), size=count):
        one = glyphs[index]
        x, y, w, h = cv2.boundingRect((one > 60).astype(np.uint8))
        high = int(random.uniform(60, 110))
        wide = min(max(int(high * w / max(h, 1)), 6), width)
        top = int(random.uniform(4, SIDE - high - 4))
        part = cv2.resize(one[y : y + h, x : x + w], (wide, high), interpolation=cv2.INTER_CUBIC)
        right = min(int(left) + wide, SIDE)
        if right > int(left):
            place = canvas[top : top + high, int(left) : right]
            np.maximum(place, part[:, : right - int(left)], out=place)
        left += wide + random.uniform(3, 14)
    return Picture(255 - canvas)


def texture(random: Random) -> Ink:
    """Blotches, as a photo of something else leaves them."""
    coarse = int(random.integers(3, 12))
    field = cv2.resize(
        random.random((coarse, coarse)).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC
    )
    field += random.uniform(0, 0.4) * random.random((SIDE, SIDE)).astype(np.float32)
    low, high = float(field.min()), float(field.max())
    return Picture(((field - low) / (high - low) * 255).astype(np.uint8))


def negatives(count: int, digits: NDArray[np.uint8], random: Random) -> NDArray[np.uint8]:
    """Glyphs (count, 28, 28) of boxes that hold no digit."""
    makers = (scribble, sign, lambda r: digits_together(r, digits), texture)
    shares = (0.3, 0.25, 0.33, 0.12)
    made: list[NDArray[np.uint8]] = []
    while len(made) < count:
        found = glyph(makers[int(random.choice(4, p=shares))](random))
        if found is not None:
            made.append(found)
    return np.stack(made)


def _strokes(paths: Sequence[NDArray[np.float64]], random: Random) -> Ink:
    aspect = np.array([1.0, float(np.exp(random.normal(0, 0.35)))])
    brush = float(random.uniform(4, 22))
    return Strokes(tuple(path * aspect * 200 + 40 for path in paths), 280, 280, brush)


def _loops(random: Random, turns: float, wander: float) -> NDArray[np.float64]:
    t = np.linspace(0, 2 * np.pi * turns, 160)
    centre = np.cumsum(random.normal(0, wander / 12, (160, 2)), axis=0)
    radius = random.uniform(0.15, 0.45) * (1 + 0.5 * np.sin(t * random.uniform(0.1, 0.7)))
    squeeze = random.uniform(0.3, 1.0)
    return np.stack([np.cos(t) * radius, np.sin(t) * radius * squeeze], axis=1) + centre + 0.5


def _turned(points: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points - 0.5) @ turn.T + 0.5


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners cut three times (Chaikin)."""
    for _ in range(3):
        quarter = 0.75 * points[:-1] + 0.25 * points[1:]
        points = np.stack([quarter, 0.25 * points[:-1] + 0.75 * points[1:]], axis=1).reshape(-1, 2)
    return points


def _enlarged(coarse: NDArray[np.float64]) -> NDArray[np.float32]:
    """A coarse grid, smoothly enlarged to the canvas."""
    return cv2.resize(coarse.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def _bent(canvas: NDArray[np.uint8], random: Random) -> NDArray[np.uint8]:
    """Turned, sheared, and pushed about smoothly."""
    turn = np.deg2rad(random.normal(0, 8))
    matrix = np.array([[np.cos(turn), -np.sin(turn) + random.normal(0, 0.15)], [np.sin(turn), np.cos(turn)]])
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) - SIDE / 2
    push = [
        cv2.resize(
            random.normal(0, 6, (4, 4)).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC
        )
        for _ in range(2)
    ]
    across = (matrix[0, 0] * x + matrix[0, 1] * y + SIDE / 2 + push[0]).astype(np.float32)
    down = (matrix[1, 0] * x + matrix[1, 1] * y + SIDE / 2 + push[1]).astype(np.float32)
    return cv2.remap(canvas, across, down, cv2.INTER_LINEAR, borderValue=255)
