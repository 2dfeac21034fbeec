"""A plain hand: strokes of digits on a canvas of 100 x 100, and pictures of them drawn by Pillow, not by the
code under test."""

import numpy as np
from PIL import Image, ImageDraw

from recognition.reader.ink import Picture, Strokes


def arc(
    x: float, y: float, across: float, down: float, start: float, end: float
) -> list[tuple[float, float]]:
    return [(x + across * np.cos(t), y + down * np.sin(t)) for t in np.radians(np.linspace(start, end, 40))]


HAND: dict[str, list[list[tuple[float, float]]]] = {
    "0": [arc(50, 50, 22, 35, -90, 270)],
    "1": [[(50, 15), (50, 85)]],
    "2": [[*arc(50, 35, 22, 20, 190, 390), (28, 85), (74, 85)]],
    "3": [[*arc(47, 33, 20, 18, 200, 450), *arc(47, 67, 22, 18, 270, 520)]],
    "4": [[(55, 15), (25, 60), (75, 60)], [(58, 35), (58, 88)]],
    "5": [[(70, 16), (35, 16), (32, 46), *arc(48, 63, 24, 21, 235, 500)]],
    "6": [[(60, 14), *arc(48, 65, 18, 20, 200, 560)]],
    "7": [[(28, 17), (72, 17), (45, 86)]],
    "9": [[*arc(48, 36, 18, 20, 0, -360), (66, 36), (60, 86)]],
}


def strokes(digit: str, scale: float = 1.0, at: tuple[float, float] = (0, 0), brush: float = 6) -> Strokes:
    """The digit in a canvas of 100 x 100 times `scale`, moved by `at` pixels."""
    paths = tuple(np.array(path, dtype=np.float64) * scale + at for path in HAND[digit])
    return Strokes(paths, 100 * scale, 100 * scale, brush * scale)


def picture(ink: Strokes, side: int | None = None, paper: int = 255, pen: int = 0) -> Picture:
    """What a canvas shows: round pen, smooth edges."""
    fine = 4
    size = (side or round(ink.width), side or round(ink.height))
    image = Image.new("L", (size[0] * fine, size[1] * fine), paper)
    pencil = ImageDraw.Draw(image)
    radius = ink.brush * fine / 2
    for path in ink.strokes:
        points = [(float(x) * fine, float(y) * fine) for x, y in path]
        pencil.line(points, fill=pen, width=max(1, round(2 * radius)), joint="curve")
        for x, y in points:
            pencil.ellipse((x - radius, y - radius, x + radius, y + radius), fill=pen)
    return Picture(np.asarray(image.resize(size, Image.Resampling.BOX)))


def dotted(ink: Strokes, spacing: float, side: int) -> Picture:
    """Separate dots along the strokes, `spacing` pixels apart, as a page leaves them under a fast mouse."""
    dots = tuple(point[None] for path in ink.strokes for point in along(path, spacing))
    return picture(Strokes(dots, ink.width, ink.height, ink.brush), side)


def along(path: np.ndarray, spacing: float) -> np.ndarray:
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    wanted = np.linspace(0, way[-1], max(2, round(way[-1] / spacing) + 1))
    return np.stack([np.interp(wanted, way, path[:, axis]) for axis in (0, 1)], axis=1)
