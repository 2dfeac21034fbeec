"""The one function from ink to glyph: `glyph`. Training and serving both call it.

A glyph is MNIST's kind of picture: 28x28, white on black, the digit's longer side 20 px with its
proportions kept, its centre of mass in the centre, drawn with a pen of about MNIST's width whatever
the brush was. Strokes are drawn straight to it; pictures are first told from their background (see
`ground`). Change anything that moves pixels, and GLYPH_VERSION must rise.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.reader.background import Field, Image
from recognition.reader.dots import chain_dots, join_dots
from recognition.reader.ground import find_ink
from recognition.reader.ink import Ink, Strokes

GLYPH_VERSION = 1

SIDE = 28
BOX = 20
"""Pixels of the digit's longer side, pen included."""
PEN = 2.4
"""The pen's width in glyph pixels: about the median of MNIST's training digits, as measured below."""
DOT = 4.0
"""The diameter of a lone dot: too little to be a digit, too much to be nothing."""

# Drawn at OVER times the size and then averaged: edges get grey levels and places are true to 1/3 px.
OVER = 3
CANVAS = SIDE * OVER
WORK = BOX * OVER
MARGIN = 12

cv2.setNumThreads(1)  # boxes are tiny: threads cost more than they give, and would fight torch's


def glyph(ink: Ink) -> NDArray[np.uint8] | None:
    """The glyph of a box: uint8 (28, 28), white on black; None when the box is blank."""
    return _from_strokes(ink) if isinstance(ink, Strokes) else _from_picture(ink.grey)


def _from_strokes(ink: Strokes) -> Image | None:
    if not ink.strokes:
        return None
    paths = chain_dots(ink.strokes, ink.brush)
    points = np.concatenate(paths)
    low = points.min(axis=0)
    extent = float((points.max(axis=0) - low).max())
    if extent < 0.7 * ink.brush:
        return _dot()
    scale = OVER * (BOX - PEN) / extent
    size = WORK + 2 * MARGIN
    canvas = np.full((size, size), 255, dtype=np.uint8)
    # OpenCV's fixed point: 4 bits after the point.
    lines = [np.round(((path - low) * scale + MARGIN) * 16).astype(np.int32) for path in paths]
    lines = [line if len(line) > 1 else np.repeat(line, 2, axis=0) for line in lines]
    cv2.polylines(canvas, lines, False, 0, 1, cv2.LINE_8, 4)
    away = cv2.distanceTransform(canvas, cv2.DIST_L2, 5)
    return _centred(_soft(OVER * PEN / 2 - away), 1.0)


def _from_picture(grey: Image) -> Image | None:
    mask = find_ink(grey, WORK, MARGIN)
    if mask is None:
        return None
    _, _, width, height = cv2.boundingRect(mask)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    stroke = stroke_width(inside)
    extent = max(width, height) - stroke
    if extent < 0.7 * stroke:
        return _dot()
    scale = OVER * (BOX - PEN) / extent
    wanted = OVER * PEN / scale
    if stroke > wanted:
        # Thinned towards the pen, but nowhere by more than leaves the pen's width of what is there; smooth
        # along the stroke, so that a chain of touching dots stays a chain.
        half = np.minimum(_half_width(inside, mask, stroke), np.float32(stroke / 2))
        edge = inside - 0.5 - np.maximum(half - wanted / 2, 0)
    else:
        away = cv2.distanceTransform(255 - mask, cv2.DIST_L2, 5)
        edge = inside - away + (wanted - stroke) / 2
        edge -= np.where(mask > 0, np.float32(0.5), np.float32(-0.5))
    return _centred(join_dots(_soft(edge), wanted), scale)


def stroke_width(inside: Field) -> float:
    """The mean width of strokes, from the distance of each of their pixels to the background."""
    count = cv2.countNonZero(inside)
    return max(4.0 * cv2.sumElems(inside)[0] / max(count, 1) - 2.0, 1.0)


def _half_width(inside: Field, mask: Image, stroke: float) -> Field:
    """The local half width of strokes at each of their pixels, averaged over about a stroke's width."""
    reach = 2 * int(stroke / 4) + 3
    half = cv2.dilate(inside, np.ones((reach, reach), np.uint8))
    half[mask == 0] = 0
    wide = 2 * int(stroke / 2) + 1
    return cv2.blur(half, (wide, wide)) / np.maximum(
        cv2.blur((mask > 0).astype(np.float32), (wide, wide)), 1e-3
    )


def _soft(edge: Field) -> Field:
    """Signed distances to an outline, positive inside, to coverage 0..1."""
    return np.clip(edge + np.float32(0.5), 0, 1)


def _centred(ink: Field, scale: float) -> Image:
    """Scale the ink to the drawing canvas with its centre of mass in the middle, and average down."""
    x, y, width, height = cv2.boundingRect((ink > 0.5).astype(np.uint8))
    mass = cv2.moments(ink)
    total = max(mass["m00"], 1e-6)
    shift = []
    for centre, start, length in ((mass["m10"] / total, x, width), (mass["m01"] / total, y, height)):
        # Lopsided ink stays on the canvas even when its centre of mass then misses the middle.
        offset = CANVAS / 2 - 0.5 - (centre * scale)
        lowest, highest = -start * scale, CANVAS - (start + length) * scale
        shift.append(min(max(offset, lowest), highest) if lowest <= highest else offset)
    move = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], dtype=np.float64)
    canvas = cv2.warpAffine(ink * np.float32(255), move, (CANVAS, CANVAS), flags=cv2.INTER_LINEAR)
    small = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.round(small).astype(np.uint8)


def _dot() -> Image:
    grid = np.arange(CANVAS, dtype=np.float32) - (CANVAS - 1) / 2
    away = np.sqrt(grid[:, None] ** 2 + grid[None, :] ** 2)
    small = cv2.resize(_soft(OVER * DOT / 2 - away) * 255, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.round(small).astype(np.uint8)
