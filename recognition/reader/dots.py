"""Dotted drawings: a fast mouse leaves separate dots along a stroke. They are the ink, and get joined.

Strokes know the order of their dots; pictures only where they are.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FEWEST = 3
"""Fewer separate dots than this are no dotted stroke."""
MOST = 150
REACH = 2.6
"""A gap is joined up to this many times the usual gap between neighbours."""

Field = NDArray[Any]  # float32 (H, W)
Points = NDArray[np.float64]


def chain_dots(strokes: tuple[Points, ...], brush: float) -> list[Points]:
    """Join runs of dot-like strokes in their order, and drop stray taps far from all other ink.

    Points in and out are (n, 2). A stroke is dot-like when it stays within the brush's own width.
    """
    if len(strokes) == 1:
        return list(strokes)
    dots = [len(stroke) == 1 or bool((np.ptp(stroke, axis=0)).max() < 0.6 * brush) for stroke in strokes]
    if sum(dots) <= FEWEST:
        return _without_taps(strokes, dots, brush)
    centres = np.array([stroke.mean(axis=0) for stroke in strokes])
    steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    # Only steps between dots tell the spacing; a long stroke's centre is no dot.
    spacing = [step for step, here, there in zip(steps, dots, dots[1:], strict=False) if here and there]
    usual = float(np.median(spacing)) if spacing else brush
    paths: list[Points] = []
    for index, stroke in enumerate(strokes):
        joins = index > 0 and (dots[index] or dots[index - 1])
        if joins and float(np.linalg.norm(stroke[0] - paths[-1][-1])) <= REACH * max(usual, 0.5 * brush):
            paths[-1] = np.concatenate([paths[-1], stroke])
        else:
            paths.append(stroke)
    return paths


def _without_taps(strokes: tuple[Points, ...], dots: list[bool], brush: float) -> list[Points]:
    lines = [stroke for stroke, dot in zip(strokes, dots, strict=True) if not dot]
    if not lines or len(lines) == len(strokes):
        return list(strokes)
    ink = np.concatenate(lines)
    extent = float(np.ptp(ink, axis=0).max())
    if extent < 3 * brush:
        return list(strokes)
    near = max(0.2 * extent, 1.5 * brush)
    return [
        stroke
        for stroke, dot in zip(strokes, dots, strict=True)
        if not dot or float(np.linalg.norm(ink - stroke[0], axis=1).min()) <= near
    ]


def join_dots(ink: Field, pen: float) -> Field:
    """Bridge the gaps between neighbouring parts of ink when several of them are dots.

    `ink` is coverage 0..1, drawn with a pen of `pen` pixels.
    """
    mask = (ink > 0.5).astype(np.uint8)
    parts = cv2.connectedComponents(mask, connectivity=8)[0] - 1
    if not FEWEST <= parts <= MOST:
        return ink
    _, labels, stats, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    dots = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) <= 2.2 * pen + 2
    if dots.sum() < FEWEST - 1:
        return ink
    gaps, ends = _gaps([_outline(labels, stats[part], part) for part in range(1, parts + 1)])
    edges = _spanning(gaps)
    usual = float(np.median([gaps[edge] for edge in edges]))
    bridges = [edge for edge in edges if gaps[edge] <= max(REACH * usual, pen)]
    # A tree leaves a loop open at one place: close it between two loose ends that are neighbours.
    degree = np.bincount(np.array(bridges, dtype=int).ravel(), minlength=parts)
    loose = [part for part in range(parts) if degree[part] == 1]
    known = set(bridges) | {(b, a) for a, b in bridges}
    bridges += [
        (a, b) for i, a in enumerate(loose) for b in loose[i + 1 :]
        if gaps[a, b] <= 1.5 * usual and (a, b) not in known
    ]  # fmt: skip
    lines = np.zeros_like(mask)
    for a, b in bridges:
        start = centres[a + 1] if dots[a] else ends[a][b]
        end = centres[b + 1] if dots[b] else ends[b][a]
        cv2.line(lines, _pixel(start), _pixel(end), 255, max(1, round(pen)), cv2.LINE_AA)
    joined: Field = np.maximum(ink, lines.astype(np.float32) / np.float32(255))
    return joined


def _pixel(point: NDArray[np.floating]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _outline(labels: NDArray[Any], stat: NDArray[Any], part: int) -> Points:
    """At most 24 points (x, y) of a part's outline."""
    x, y, width, height = (int(value) for value in stat[:4])
    inside = (labels[y : y + height, x : x + width] == part).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=(x, y))
    points = np.asarray(contours[0], dtype=np.float64).reshape(-1, 2)
    return points[:: max(1, -(-len(points) // 24))]


def _gaps(outlines: list[Points]) -> tuple[Points, list[dict[int, Points]]]:
    """The smallest distance between every two parts (n, n), and for each the nearest points."""
    count = len(outlines)
    gaps = np.full((count, count), np.inf)
    ends: list[dict[int, Points]] = [{} for _ in outlines]
    starts = np.cumsum([0] + [len(outline) for outline in outlines])
    every = np.concatenate(outlines)
    for a, outline in enumerate(outlines):
        distances = np.linalg.norm(outline[:, None] - every[None], axis=2)
        nearest = distances.argmin(axis=0)
        best = distances.min(axis=0)
        for b in range(count):
            if b != a:
                where = starts[b] + int(best[starts[b] : starts[b + 1]].argmin())
                gaps[a, b] = best[where]
                ends[a][b] = outline[nearest[where]]
    return gaps, ends


def _spanning(gaps: Points) -> list[tuple[int, int]]:
    """The edges of a minimum spanning tree (Prim)."""
    count = len(gaps)
    best = gaps[0].copy()
    source = np.zeros(count, dtype=int)
    outside = np.ones(count, dtype=bool)
    outside[0] = False
    edges = []
    for _ in range(count - 1):
        part = int(np.where(outside, best, np.inf).argmin())
        edges.append((int(source[part]), part))
        outside[part] = False
        closer = gaps[part] < best
        best[closer] = gaps[part][closer]
        source[closer] = part
    return edges
