"""A picture's background: its grey levels under every pixel, told from the border and the light."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

EDGE = 0.12
"""The part of each side within which the lines of a printed box may leak in."""
EVEN = 12.0
"""Differences of the background, in grey levels, that are taken for even light."""
SHADED = 120.0
"""Larger ones are no light but ink: a picture cropped to its ink."""

Image = NDArray[Any]  # uint8 (H, W); OpenCV's stubs know no more of their arrays than this
Field = NDArray[Any]  # float32 (H, W)


def median(values: Field, part: float = 0.5) -> float:
    """The median, or another quantile; np.median costs twenty times as much on small arrays."""
    place = int(values.size * part)
    return float(np.partition(values, place, axis=None)[place])


def background(thumb: Field, grey: Image) -> tuple[Field, float]:
    """The background's grey levels under a thumbnail of `grey`, of the same shape, and by how much they
    differ (0 when taken for even)."""
    rows, columns = thumb.shape
    if rows < 8 or columns < 8:
        return np.full_like(thumb, median(_ring(thumb, 0))), 0.0
    between, split = cv2.threshold(thumb.astype(np.uint8), 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    light = _is_light(split, grey, between)
    kind = thumb[(split > 0) == light]
    # Where ink is rare the split may run through the background's own noise: then all of it counts.
    level = median(thumb[::2, ::2] if kind.size > 0.7 * thumb.size else kind)
    even = np.full_like(thumb, level)
    rings = [_ring(thumb, depth) for depth in (0, max(2, int(EDGE * min(rows, columns))))]
    if all(float(np.ptp(ring)) <= EVEN for ring in rings):  # a clean canvas: no need to look closer
        return even, 0.0
    blocks = _blocks(thumb)
    spread = _spread(blocks)
    # Fat ink fills blocks, too; but light changes along the border as well.
    if not EVEN < spread < SHADED or not any(_shaded(ring) for ring in rings):
        return even, 0.0
    light_field = _smooth_light(blocks, thumb.shape)
    rest = thumb - light_field
    if _spread(_blocks(rest)) <= EVEN:
        return light_field, spread
    return light_field + _closed(rest), spread


def _blocks(thumb: Field) -> Field:
    """The medians (12,) of blocks along the border: uneven light moves many of them, ink and lines few."""
    rows, columns = thumb.shape
    tall, wide = rows // 4, columns // 4
    step = 2 if min(rows, columns) >= 48 else 1
    medians = [
        median(thumb[i * tall : (i + 1) * tall : step, j * wide : (j + 1) * wide : step]) for i, j in BORDER
    ]
    return np.array(medians, dtype=np.float32)


def _spread(levels: Field, spared: int = 1) -> float:
    """How far levels lie apart, but for some at each end."""
    return float(np.ptp(np.sort(levels)[spared:-spared]))


def _shaded(ring: Field) -> bool:
    """Whether the light changes along a ring of pixels."""
    parts = np.array([median(part) for part in np.array_split(ring, 16)], dtype=np.float32)
    return EVEN < _spread(parts, 3) < SHADED


def _terms(y: NDArray[Any], x: NDArray[Any]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1)


BORDER = [(i, j) for i in range(4) for j in range(4) if i in (0, 3) or j in (0, 3)]
AT_BORDER = _terms(*(np.array(BORDER, dtype=np.float64).T - 1.5))


def _smooth_light(blocks: Field, shape: tuple[int, ...]) -> Field:
    """The quadratic surface through the blocks' medians, but for the three that fit it worst."""
    good = np.ones(len(blocks), dtype=bool)
    for _ in range(2):
        fit = np.linalg.lstsq(AT_BORDER[good], blocks[good], rcond=None)[0]
        off = np.abs(AT_BORDER @ fit - blocks)
        good = off <= np.sort(off)[-4]
    rows, columns = ((np.arange(side) + 0.5) * 4 / side - 2.0 for side in shape)
    return (_terms(*np.meshgrid(rows, columns, indexing="ij")) @ fit).astype(np.float32)


def _is_light(split: Image, grey: Image, between: float) -> bool:
    """Whether the background is the lighter kind (1) of a picture split in two kinds, 0 and 1.

    `split` is the thumbnail, split at the level `between`; the border of the whole picture `grey` may still
    be free of ink where the thumbnail's is not.
    """
    sides = [grey[0], grey[-1], grey[:, 0], grey[:, -1]]
    shares = [np.count_nonzero(side > between) / side.size for side in sides]
    mixed = [share for share in shares if 0.1 < share < 0.9]
    if len(mixed) < 2:
        # Nothing, or whole printed lines, along the border. Only a frame has all of another kind within it.
        inner = _ring(split, max(2, int(EDGE * min(split.shape))))
        within = cv2.countNonZero(inner) / inner.size
        light, dark = sum(share >= 0.9 for share in shares), sum(share <= 0.1 for share in shares)
        return within >= (0.2 if light >= 3 else 0.8 if dark >= 3 else 0.5)
    touched = sum(mixed) / len(mixed)
    if abs(touched - 0.5) > 0.25:
        return touched >= 0.5
    # Cropped to its ink: round shapes leave the corners free.
    corners = float(split[:: split.shape[0] - 1, :: split.shape[1] - 1].mean())
    return sum(shares) / 4 + corners >= 1.0


def _ring(thumb: NDArray[Any], depth: int) -> NDArray[Any]:
    """The pixels (n,) at one distance from the border."""
    inner = thumb[depth : thumb.shape[0] - depth, depth : thumb.shape[1] - depth]
    return np.concatenate([inner[0], inner[-1], inner[1:-1, 0], inner[1:-1, -1]])


def _closed(thumb: Field) -> Field:
    """A background with shadows: the picture with what is narrow, and so ink, closed away."""
    above = thumb - median(thumb)
    darker = float(np.minimum(above, 0).sum()) + float(np.maximum(above, 0).sum()) < 0
    reach = max(3, int(0.3 * min(thumb.shape)) | 1)
    kernel = np.ones((reach, reach), np.uint8)
    smooth = cv2.blur(thumb, (3, 3), borderType=cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE if darker else cv2.MORPH_OPEN, kernel)
    return cv2.blur(closed, (reach, reach), borderType=cv2.BORDER_REPLICATE)
