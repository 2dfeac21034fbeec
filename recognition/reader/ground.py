"""Telling a picture's ink from its background: `find_ink`.

Canvases are clean; scans and photos have paper grain, uneven light, specks and the lines of printed
boxes. What is ink is decided on a thumbnail and then taken from the full picture.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

THUMB = 96
"""The longer side, in pixels, at which structure is looked at."""
FAINTEST = 10.0
"""Grey levels that ink must differ from its background."""
GRAIN = 5.5
"""Ink must stand out of the background's noise by this many standard deviations."""
EDGE = 0.12
"""The part of each side within which the lines of a printed box may leak in."""

Image = NDArray[np.uint8]
Field = NDArray[np.float32]


def find_ink(grey: Image, size: int, margin: int) -> Image | None:
    """The ink of a picture, cropped: a mask (0 or 255) whose longer side is about `size` pixels, with an
    empty `margin` around it. None when there is no ink."""
    levels = [grey]
    while max(levels[-1].shape) > THUMB:
        levels.append(_halved(levels[-1]))
    thumb = levels[-1].astype(np.float32)
    ground = _background(thumb)
    strength, sign = _signed(ground - thumb)
    offset, noise = _noise(strength)
    strength -= offset
    peak = _peak(strength)
    if peak < max(FAINTEST, GRAIN * noise):
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
    if zoom > 1.5:
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


def _median(values: Field) -> float:
    """np.median costs twenty times as much on small arrays."""
    return float(np.partition(values, values.size // 2, axis=None)[values.size // 2])


def _background(thumb: Field) -> Field:
    """The background's grey levels under a thumbnail, of the same shape."""
    rows, columns = thumb.shape
    if rows < 8 or columns < 8:
        return np.full_like(
            thumb, _median(np.concatenate([thumb[[0, -1]].ravel(), thumb[:, [0, -1]].ravel()]))
        )
    # Twelve blocks along the border, each by its median: ink or a printed line takes few of them over.
    high, wide = rows // 4, columns // 4
    step = 2 if min(rows, columns) >= 48 else 1
    blocks = [
        _median(thumb[i * high : (i + 1) * high : step, j * wide : (j + 1) * wide : step])
        for i in range(4) for j in range(4) if i in (0, 3) or j in (0, 3)
    ]  # fmt: skip
    level = float(np.sort(blocks)[6])
    ring = np.concatenate([thumb[0], thumb[-1], thumb[1:-1, 0], thumb[1:-1, -1]])
    off = np.abs(ring - level) > 40
    if 0.5 < off.mean() < 0.9:
        # Cropped to the ink, whose fat strokes then fill the blocks: the very border knows better. A ring
        # that is off nearly everywhere is a frame, and the blocks are right.
        level = _median(ring)
    spread = float(np.ptp(np.sort(blocks)[1:-1]))
    if spread > 12 and spread < 90:
        return _uneven(thumb, level)
    return np.full_like(thumb, level)


def _uneven(thumb: Field, level: float) -> Field:
    """A background of uneven light: the picture with what is narrow, and so ink, closed away."""
    darker = float(np.maximum(level - thumb, 0).sum()) - float(np.maximum(thumb - level, 0).sum())
    reach = max(3, int(0.3 * min(thumb.shape)) | 1)
    kernel = np.ones((reach, reach), np.uint8)
    smooth = cv2.blur(thumb, (3, 3), borderType=cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE if darker > 0 else cv2.MORPH_OPEN, kernel)
    return cv2.blur(closed, (reach, reach), borderType=cv2.BORDER_REPLICATE)


def _signed(difference: Field) -> tuple[Field, int]:
    """The difference from the background, turned so that ink is positive, and the sign that did it."""
    dark = float(np.square(np.maximum(difference, 0)).sum())
    light = float(np.square(np.minimum(difference, 0)).sum())
    return (difference, 1) if dark >= light else (-difference, -1)


def _noise(strength: Field) -> tuple[float, float]:
    """The median of the background and its standard deviation, by median absolute deviation."""
    sample = strength[::2, ::2].ravel() if strength.size > 2000 else strength.ravel()
    middle = _median(sample)
    return middle, 1.4826 * _median(np.abs(sample - middle))


def _hot(strength: Field) -> float:
    """The strength of full ink: the mean of what is above half of the strongest."""
    highest = float(strength.max(initial=0))
    return float(strength[strength >= highest / 2].mean()) if highest > 0 else 0.0


def _peak(strength: Field) -> float:
    """The strength of full ink, by the interior: printed lines at the border are often darker than the pen."""
    rows, columns = (int(EDGE / 2 * side) for side in strength.shape)
    inner = _hot(strength[rows : strength.shape[0] - rows, columns : strength.shape[1] - columns])
    outer = _hot(strength)
    return inner if inner > 0.25 * outer else outer


def _keep(mask: Image, noisy: bool) -> Image:
    """The mask (0 or 1) of a thumbnail without specks and without lines that leak in at the border."""
    if _at_border(mask):
        cleared = _without_lines(mask)
        mask = mask if cleared is None else cleared
    if cv2.connectedComponents(mask, connectivity=8)[0] == 2:  # the usual case; the statistics cost more
        return mask
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    main = int(areas.argmax())
    inside = cv2.distanceTransform((labels == main).astype(np.uint8), cv2.DIST_L2, 3)
    pen = max(4.0 * float(inside.sum()) / areas[main] - 2.0, 1.0)
    least = 0.4 * pen * pen if not noisy else max(0.4 * pen * pen, 4.0)
    kept = areas >= min(least, areas[main])
    spare = np.flatnonzero(kept & (areas < 2.0 * pen * pen) & (areas < areas[main] / 5))
    if 0 < len(spare) <= 2:  # a stray tap; more of them are a dotted stroke
        away = cv2.distanceTransform(1 - (np.isin(labels, np.setdiff1d(np.flatnonzero(kept), spare))).astype(np.uint8),
                                     cv2.DIST_L2, 3)  # fmt: skip
        extent = max(stats[main, cv2.CC_STAT_WIDTH], stats[main, cv2.CC_STAT_HEIGHT])
        for part in spare:
            if float(away[labels == part].min()) > max(0.25 * extent, 2.0 * pen):
                kept[part] = False
    kept[0] = False
    return kept.astype(np.uint8)[labels]


def _at_border(mask: Image) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def _without_lines(mask: Image) -> Image | None:
    """The mask without printed lines along its border; None when it has none, or nothing else."""
    rows, columns = mask.shape
    deep, wide = max(2, round(EDGE * rows)), max(2, round(EDGE * columns))
    result = mask.copy()
    # Lines that the digit crosses: nearly full rows and columns near a border, unless the rest of the ink
    # reaches the opposite border (a picture cropped to its ink, where a row may be a 7's bar).
    for turned, depth in ((result, deep), (result.T, wide)):
        full = turned.mean(axis=1) > 0.9
        for side in (turned, turned[::-1]):
            hits = np.flatnonzero((full if side is turned else full[::-1])[:depth])
            if (
                len(hits)
                and len(hits) <= depth * 0.7
                and not side[-1].mean() > 0.02
                or (len(hits) and full[[0, -1]].all())
            ):
                side[: hits[-1] + 2] = 0
    # Lines, or pieces of them, that lie wholly along the border.
    count, labels, stats, _ = cv2.connectedComponentsWithStats(result, connectivity=8)
    inner = np.zeros(count, dtype=np.int64)
    np.add.at(inner, labels[deep : rows - deep, wide : columns - wide].ravel(), 1)
    for part in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[part])
        touches = x == 0 or y == 0 or x + width == columns or y + height == rows
        if touches and inner[part] < 0.1 * area and int(inner[1:].sum()) > 0.2 * area:
            result[labels == part] = 0
    return result if result.any() else None
