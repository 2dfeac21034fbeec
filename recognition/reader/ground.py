"""Telling a picture's ink from its background: `find_ink`.

Canvases are clean; scans and photos have paper grain, uneven light, specks and the lines of printed
boxes. What is ink is decided on a thumbnail and then taken from the full picture.
"""

import cv2
import numpy as np

from recognition.reader.background import EDGE, Field, Image, background, median

THUMB = 96
"""The longer side, in pixels, at which structure is looked at."""
FAINTEST = 10.0
"""Grey levels that ink must differ from its background."""
GRAIN = 5.5
"""Ink must stand out of the background's noise by this many standard deviations."""


def find_ink(grey: Image, size: int, margin: int) -> Image | None:
    """The ink of a picture, cropped: a mask (0 or 255) whose longer side is about `size` pixels, with an
    empty `margin` around it. None when there is no ink."""
    levels = [grey]
    while max(levels[-1].shape) > THUMB:
        levels.append(_halved(levels[-1]))
    thumb = levels[-1].astype(np.float32)
    ground, uneven = background(thumb, grey)
    strength, sign = _signed(ground - thumb)
    # A closed background lies on the grain's peaks, not in its middle.
    offset = median(_interior(strength), 0.35) if uneven > 0 else 0.0
    strength -= offset
    noise = _noise(strength)
    peak = _peak(strength)
    if peak < max(FAINTEST, GRAIN * noise, 0.2 * uneven):
        return None
    mask = (strength > max(0.4 * peak, 3.0 * noise)).astype(np.uint8)
    keep = _keep(mask, noisy=noise > 0.8)
    x, y, width, height = cv2.boundingRect(keep)
    if width == 0:
        return None
    # The same window, one thumbnail pixel wider than the ink, of the smallest level that is large enough.
    rows, columns = thumb.shape
    left, right = max(x - 1, 0), min(x + width + 1, columns)
    top, bottom = max(y - 1, 0), min(y + height + 1, rows)
    depth = len(levels) - 1
    while depth > 0 and max(width, height) << (len(levels) - 1 - depth) < size:
        depth -= 1
    power = len(levels) - 1 - depth
    full = levels[depth][top << power : bottom << power, left << power : right << power]
    zoom = size / (max(width, height) << power)
    shape = (max(1, round(full.shape[1] * zoom)), max(1, round(full.shape[0] * zoom)))
    scaled = cv2.resize(full, shape, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC)
    under = cv2.resize(ground[top:bottom, left:right], shape, interpolation=cv2.INTER_LINEAR)
    ink = (under - scaled) * np.float32(sign) - np.float32(offset)
    if cv2.countNonZero(keep) != cv2.countNonZero(mask):
        near = cv2.dilate(keep[top:bottom, left:right], np.ones((3, 3), np.uint8))
        ink *= cv2.resize(near.astype(np.float32), shape, interpolation=cv2.INTER_LINEAR)
    if zoom > 1.5 and noise < 0.03 * peak:
        # A small drawing's loops are a pixel or two of grey: sharpen, or they fill.
        ink += 1.0 * (ink - cv2.GaussianBlur(ink, (0, 0), 1.5 * zoom))
    level = max(0.5 * _hot(ink), 3.0 * noise)
    drawn = (ink > level).astype(np.uint8) * np.uint8(255)
    if not drawn.any():
        return None
    return cv2.copyMakeBorder(drawn, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)


def _halved(grey: Image) -> Image:
    rows, columns = (max(side // 2, 1) for side in grey.shape)
    # An odd last row or column is left out, so that pixels map to pixels by powers of two.
    even = grey[: rows * 2, : columns * 2]
    return cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA)


def _signed(difference: Field) -> tuple[Field, int]:
    """The difference from the background, turned so that ink is positive, and the sign that did it."""
    dark = float(np.square(np.maximum(difference, 0)).sum())
    light = float(np.square(np.minimum(difference, 0)).sum())
    return (difference, 1) if dark >= light else (-difference, -1)


def _interior(field: Field) -> Field:
    rows, columns = (int(EDGE * side) for side in field.shape)
    return field[rows : field.shape[0] - rows, columns : field.shape[1] - columns]


def _noise(strength: Field) -> float:
    """The background's standard deviation, from what is on the side of it where ink is not."""
    inner = _interior(strength)
    below = inner[inner < 0]
    return 1.4826 * median(-below) if below.size > 0.1 * inner.size else 0.0


def _hot(strength: Field) -> float:
    """The strength of full ink: the mean of what is above half of the strongest."""
    highest = float(strength.max(initial=0))
    return float(strength[strength >= highest / 2].mean()) if highest > 0 else 0.0


def _peak(strength: Field) -> float:
    """The strength of full ink, by the interior: printed lines at the border may be darker than the pen."""
    inner, outer = _hot(_interior(strength)), _hot(strength)
    return inner if inner > 0.25 * outer else outer


def _keep(mask: Image, noisy: bool) -> Image:
    """The mask (0 or 1) of a thumbnail without specks and without lines that leak in at the border."""
    mask = _without_lines(mask)
    if cv2.connectedComponents(mask, connectivity=8)[0] == 2 and cv2.countNonZero(mask) > 2:
        return mask  # the usual case; the statistics cost more
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    main = int(areas.argmax())
    if areas[main] <= 2:
        return np.zeros_like(mask)  # dust on a blank sheet
    inside = cv2.distanceTransform((labels == main).astype(np.uint8), cv2.DIST_L2, 3)
    pen = max(4.0 * float(inside.sum()) / areas[main] - 2.0, 1.0)
    least = 0.4 * pen * pen if not noisy else max(0.4 * pen * pen, 4.0)
    kept = areas >= min(least, areas[main])
    spare = np.flatnonzero(kept & (areas < 2.0 * pen * pen) & (areas < areas[main] / 5))
    if 0 < len(spare) <= 2:  # a stray tap; more of them are a dotted stroke
        rest = np.isin(labels, np.setdiff1d(np.flatnonzero(kept), spare))
        away = cv2.distanceTransform(1 - rest.astype(np.uint8), cv2.DIST_L2, 3)
        extent = max(stats[main, cv2.CC_STAT_WIDTH], stats[main, cv2.CC_STAT_HEIGHT])
        for part in spare:
            if float(away[labels == part].min()) > max(0.25 * extent, 2.0 * pen):
                kept[part] = False
    kept[0] = False
    return kept.astype(np.uint8)[labels]


def _without_lines(mask: Image) -> Image:
    """The mask without the lines of a printed box along its border, and empty where there is nothing else."""
    rows, columns = mask.shape
    deep, wide = max(2, round(EDGE * rows)), max(2, round(EDGE * columns))
    if min(rows, columns) < 16 or not (
        mask[:deep].any() or mask[-deep:].any() or mask[:, :wide].any() or mask[:, -wide:].any()
    ):
        return mask
    result = mask.copy()
    # Lines that the digit may cross: rows and columns near a border that are full. But not in a picture
    # cropped to its ink, where such a row may be a 7's bar: there the rest reaches the opposite border.
    for turned, depth in ((result, deep), (result.T, wide)):
        across = wide if turned is result else deep
        middle = turned[:, across : turned.shape[1] - across].mean(axis=1)
        full = middle > 0.9
        first, last = np.flatnonzero(full[:depth]), np.flatnonzero(full[-depth:])
        both = len(first) > 0 and len(last) > 0
        near = max(2, depth // 2)
        if len(first) and not full[depth] and (both or middle[-near:].max() < 0.05):
            turned[: first[-1] + 2] = 0
        if len(last) and not full[-depth - 1] and (both or middle[:near].max() < 0.05):
            turned[len(full) - depth + last[0] - 1 :] = 0
    # Lines, or pieces of them, that lie wholly along the border.
    count, labels, stats, _ = cv2.connectedComponentsWithStats(result, connectivity=8)
    inner = np.bincount(labels[deep : rows - deep, wide : columns - wide].ravel(), minlength=count)
    for part in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[part])
        touches = x == 0 or y == 0 or x + width == columns or y + height == rows
        span = max(width / columns, height / rows)
        along = span > 0.6 or (touches and span < 0.25)
        if along and inner[part] < 0.1 * area and (span > 0.9 or int(inner[1:].sum()) > 0.2 * area):
            result[labels == part] = 0
    return result
