"""Pictures and strokes made from pen strokes, as people's boxes would hold them, for training and testing.

Everything becomes a glyph through `recognition.reader.glyph.glyph`, the code that serves.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.reader.ink import Ink, Picture, Strokes

FINE = 3
"""Pictures are drawn this much larger and averaged down, for antialiased edges."""


@dataclass(frozen=True)
class Style:
    """How strokes are drawn: a square canvas of `side` pixels and a round brush of `brush` pixels.

    `fit`: as a part of the canvas the drawing's longer side fills, None to keep the writer's size and
    place; `place`: where, as parts (0..1) of the room left; `spacing`: of separate dots, in brushes, None
    for connected strokes; `smooth`: antialiased edges.
    """

    side: int = 50
    brush: float = 4.0
    fit: float | None = None
    place: tuple[float, float] = (0.5, 0.5)
    spacing: float | None = None
    smooth: bool = True


PAGE = Style()
"""The tutorial's page: boxes of 50x50 with a brush of 4 px."""


def draw(strokes: Strokes, style: Style) -> Picture:
    """A picture of strokes, black on white."""
    paths = _laid_out(strokes, style)
    fine = FINE if style.smooth else 1
    side = style.side * fine
    canvas = np.full((side, side), 255, dtype=np.uint8)
    brush = style.brush * fine
    if style.spacing is not None:
        for path in paths:
            for x, y in spaced(path, style.spacing * style.brush) * fine:
                cv2.circle(canvas, (round(x), round(y)), max(0, round(brush / 2)), 0, -1)
    else:
        for path in paths:
            # Pixel centres lie at half coordinates; OpenCV's at whole ones, with 4 bits after the point here.
            line = np.round((path * fine - 0.5) * 16).astype(np.int32)
            line = line if len(line) > 1 else np.repeat(line, 2, axis=0)
            cv2.polylines(canvas, [line], False, 0, max(1, round(brush)), cv2.LINE_8, 4)
    if fine > 1:
        canvas = cv2.resize(canvas, (style.side, style.side), interpolation=cv2.INTER_AREA)
    return Picture(canvas)


def _laid_out(strokes: Strokes, style: Style) -> list[NDArray[np.float64]]:
    """The paths in canvas pixels."""
    if style.fit is None:
        scale = style.side / max(strokes.width, strokes.height)
        return [path * scale for path in strokes.strokes]
    points = np.concatenate(strokes.strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    room = style.side - style.brush - 2
    scale = max(style.fit * room, 1.0) / max(float(extent.max()), 1e-6)
    offset = style.brush / 2 + 1 + np.array(style.place) * (room - extent * scale)
    return [(path - low) * scale + offset for path in strokes.strokes]


def spaced(path: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
    """Points (m, 2) along a path at about equal distances, as a fast mouse reports them; both ends kept."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(1, round(float(along[-1]) / max(spacing, 1e-6)))
    wanted = np.linspace(0.0, along[-1], count + 1)
    return np.stack([np.interp(wanted, along, path[:, axis]) for axis in (0, 1)], axis=1)


def random_style(random: np.random.Generator) -> Style:
    """A style as pages have them: small and large canvases, thin and thick brushes, a few dotted."""
    side = int(random.choice([50, 50, 64, 100, 150, 280]))
    brush = side * float(np.exp(random.uniform(np.log(0.015), np.log(0.1))))
    return Style(
        side=side,
        brush=max(1.0, brush),
        fit=None if random.random() < 0.5 else float(random.uniform(0.45, 1.0)),
        place=(float(random.random()), float(random.random())),
        spacing=float(random.uniform(0.8, 2.0)) if random.random() < 0.18 else None,
        smooth=bool(random.random() < 0.8),
    )


def scan(strokes: Strokes, random: np.random.Generator) -> Picture:
    """Strokes as a scan of paper shows them: grey pen, uneven light, grain."""
    side = int(random.integers(60, 140))
    style = Style(side, brush=side * float(random.uniform(0.03, 0.09)), fit=float(random.uniform(0.6, 0.95)))
    ink = draw(strokes, style).grey.astype(np.float32)
    light = cv2.resize(random.uniform(200, 250, (3, 3)).astype(np.float32), (side, side))
    dark = float(random.uniform(20, 110))
    grain = cv2.GaussianBlur(random.normal(0, 12, (side, side)).astype(np.float32), (0, 0), 0.8)
    cover = cv2.GaussianBlur(1 - ink / 255, (0, 0), float(random.uniform(0.4, 1.0)))
    pressure = 1 - 0.25 * cv2.resize(random.random((6, 6)).astype(np.float32), (side, side))
    seen = light - cover * pressure * (light - dark) + grain
    return Picture(np.clip(seen, 0, 255).astype(np.uint8))


def restyled(strokes: Strokes, random: np.random.Generator) -> Strokes:
    """The same digit as another hand might write it: turned, slanted, narrower or wider, bent by waves."""
    points = np.concatenate(strokes.strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), 1e-6)
    turn, shear, aspect = (
        np.deg2rad(random.normal(0, 6)),
        random.normal(0, 0.12),
        np.exp(random.normal(0, 0.12)),
    )
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = matrix @ np.array([[aspect, shear], [0, 1 / aspect]])
    height = random.normal(0, 0.022, (3, 2)) * extent
    waves, phases = random.uniform(0.5, 1.6, (3, 2, 2)), random.uniform(0, 2 * np.pi, (3, 2))

    def bent(path: NDArray[np.float64]) -> NDArray[np.float64]:
        straight = (path - (low + high) / 2) @ matrix.T
        along = np.einsum("nc,wdc->nwd", straight / extent * 2 * np.pi, waves)
        return straight + (height * np.sin(along + phases)).sum(axis=1)

    return _inside(
        Strokes(tuple(map(bent, strokes.strokes)), strokes.width, strokes.height, strokes.brush), low
    )


def _inside(strokes: Strokes, corner: NDArray[np.float64]) -> Strokes:
    """The strokes with their top left corner at ``corner``, as far as they then stay on their canvas."""
    points = np.concatenate(strokes.strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    canvas = np.array([strokes.width, strokes.height])
    rim = 0.02 * canvas
    scale = min(1.0, float(((canvas - 2 * rim) / np.maximum(extent, 1e-6)).min()))
    place = np.clip(corner, rim, np.maximum(rim, canvas - rim - extent * scale))
    paths = tuple((path - low) * scale + place for path in strokes.strokes)
    return Strokes(paths, strokes.width, strokes.height, strokes.brush)


def variants(strokes: Strokes, count: int, random: np.random.Generator) -> list[Ink]:
    """`count` ways in which digits like this one reach the reader: the first two as `renderings`, the others
    restyled, by turns as strokes, on the tutorial's page, in any style, and as the dots of a fast mouse."""
    inks: list[Ink] = [strokes, draw(strokes, PAGE)]
    for number in range(count - 2):
        other = restyled(strokes, random)
        if number % 6 in (0, 3):
            inks.append(other)
        elif number % 6 in (1, 4):
            inks.append(draw(other, PAGE))
        elif number % 6 == 2:
            inks.append(draw(other, random_style(random)))
        else:
            inks.append(draw(other, replace(random_style(random), spacing=float(random.uniform(0.8, 2.0)))))
    return inks[:count]


def renderings(strokes: Strokes, count: int, random: np.random.Generator) -> list[Ink]:
    """`count` ways in which a drawing reaches the reader: strokes, the tutorial's page, other styles."""
    inks: list[Ink] = [strokes, draw(strokes, PAGE)]
    inks += [draw(strokes, random_style(random)) for _ in range(count - 2)]
    return inks[:count]
