"""What was drawn in a box, and the only two ways in which outside data becomes ink.

Web validation and workers both call `decode_picture` and `parse_strokes`, so what the one accepts the
other can read. Only Pillow and numpy are imported here: the web process uses this module.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

MAX_PIXELS = 4096 * 4096
MAX_SIDE = 16_384
MAX_POINTS = 20_000
MAX_COORDINATE = 1e6
MAX_SIZE = 10_000.0

DEFAULT_WIDTH = 280.0
DEFAULT_HEIGHT = 280.0
DEFAULT_BRUSH = 16.0

# Pillow also opens formats that run other programs or hold no pixels (EPS, WMF, ...); not from strangers.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM")


# Pillow warns of large headers; here they are refused.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class BadInk(ValueError):
    """Outside data that is no ink; the message is one sentence, fit for the submitter."""


@dataclass(frozen=True, eq=False)
class Strokes:
    """Pen strokes in a box.

    `strokes` are float64 arrays (n, 2) with n >= 1, x right and y down, in the canvas's pixels; `width`,
    `height` and `brush` (the pen's diameter) are in the same unit. Points may lie outside the canvas.
    """

    strokes: tuple[NDArray[np.float64], ...]
    width: float = DEFAULT_WIDTH
    height: float = DEFAULT_HEIGHT
    brush: float = DEFAULT_BRUSH


@dataclass(frozen=True, eq=False)
class Picture:
    """A raster drawing: `grey` is uint8 (H, W), of either polarity."""

    grey: NDArray[np.uint8]


Ink = Strokes | Picture


# --- Pictures -----------------------------------------------------------------------------------


def decode_picture(data: bytes) -> Picture:
    """Decode an image file (see FORMATS) to grey: its first frame, EXIF rotation applied.

    Transparent pictures are laid on the backdrop that contrasts with what is drawn. Raises BadInk for
    whatever is no picture, is damaged, or has more than MAX_PIXELS; the size is looked up in the header
    before any pixel is decoded.
    """
    if not data:
        raise BadInk("The picture is empty.")
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise BadInk(f"The picture is too large: at most {MAX_PIXELS} pixels are read.") from None
    except Exception:  # Pillow's readers raise nearly everything on foreign bytes
        raise BadInk(
            "This is no picture in a format that can be read (PNG, JPEG, WebP, GIF, BMP, TIFF)."
        ) from None
    width, height = image.size
    if width < 1 or height < 1:
        raise BadInk("The picture has no pixels.")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise BadInk(f"The picture is too large ({width} x {height}): at most {MAX_PIXELS} pixels are read.")
    if image.format == "PNG" and b"IEND" not in data[-4096:]:  # Pillow forgives a missing end
        raise BadInk("The picture is damaged or incomplete.")
    try:
        with image:
            image.load()
            if image.size != (width, height):
                raise ValueError("the size changed while decoding")
            return Picture(_grey(_upright(image)))
    except Exception:
        raise BadInk("The picture is damaged or incomplete.") from None


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken EXIF says nothing about the pixels
        return image


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_grey(np.asarray(image))
    if image.has_transparency_data:
        return _on_backdrop(image.convert("RGBA"))
    if image.mode in ("1", "L"):
        return np.array(image.convert("L"), dtype=np.uint8)
    return _contrasting(image.convert("RGB"))


def _deep_grey(values: NDArray[Any]) -> NDArray[np.uint8]:
    """16 or 32 bits a pixel, or floating point, to 8 bits."""
    if values.dtype == np.uint16:
        highest = int(values.max())
        # Scanners store 12 bits, and some programs 8, in 16: such a picture would be all but black.
        shift = 0 if highest <= 255 else 4 if highest <= 4095 else 8
        return (values >> shift).astype(np.uint8)
    scaled = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = min(float(scaled.min()), 0.0), float(scaled.max())
    # Without a declared range the smallest usual one that holds the values is meant.
    top = next((top for top in (1.0, 255.0, 65_535.0) if low >= 0 and high <= top), None)
    if top is None or (top == 1.0 and values.dtype.kind != "f"):
        top = 255.0 if low >= 0 and high <= 255 else high
    span = max(top - low, 1e-12)
    return np.clip((scaled - low) * (255.0 / span), 0, 255).astype(np.uint8)


def _contrasting(image: Image.Image) -> NDArray[np.uint8]:
    """Luminance, unless one colour channel shows the drawing far better (yellow on white, red on green)."""
    grey = np.array(image.convert("L"), dtype=np.uint8)
    sample = np.asarray(image.resize((64, 64), Image.Resampling.BOX) if min(image.size) > 128 else image)
    spread = sample.reshape(-1, 3).astype(np.float32).std(axis=0)
    best = int(spread.argmax())
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    if spread[best] > 3.0 * float((sample.reshape(-1, 3) @ weights).std()) + 1.0:
        return np.array(image.getchannel(best), dtype=np.uint8)
    return grey


def _on_backdrop(image: Image.Image) -> NDArray[np.uint8]:
    """RGBA to grey on the backdrop that contrasts with what is opaque."""
    alpha = np.asarray(image.getchannel("A"))
    colour = image.convert("RGB")
    if int(alpha.min()) == 255:
        return _contrasting(colour)
    grey = colour.convert("L")
    light = np.asarray(grey)
    step = max(1, min(light.shape) // 512)  # a sample is enough, and large pictures are costly
    few, seen = light[::step, ::step], alpha[::step, ::step]
    opaque = few[seen >= 128]
    if opaque.size == 0:
        few, seen = light, alpha
        opaque = few[seen > 0]
    if opaque.size == 0:
        return np.full(light.shape, 255, dtype=np.uint8)
    if float(opaque.std()) > 50.0:
        backdrop = int(np.median(opaque))  # a card with a drawing on it: continue the card
    else:
        backdrop = 255 if float(opaque.mean()) < 128.0 else 0
    laid = Image.composite(grey, Image.new("L", image.size, backdrop), image.getchannel("A"))
    return np.array(laid, dtype=np.uint8)


# --- Strokes ------------------------------------------------------------------------------------


def parse_strokes(box: Mapping[str, Any]) -> Strokes:
    """Strokes from a JSON object `{"strokes": [[[x, y], [x, y, t], [x, y, t, pressure]], ...], ...}`.

    `width`, `height` and `brush` are optional. Time and pressure are checked and dropped. Raises BadInk
    for anything that is not finite numbers in that shape, or has more than MAX_POINTS points.
    """
    if not isinstance(box, Mapping) or "strokes" not in box:
        raise BadInk("A box of strokes needs a list named strokes.")
    strokes = box["strokes"]
    if not isinstance(strokes, list | tuple):
        raise BadInk("strokes must be a list of strokes.")
    # Counted before anything is looked at: refusing a flood must be cheap.
    points = 0
    for number, stroke in enumerate(strokes, 1):
        if not isinstance(stroke, list | tuple):
            raise BadInk(f"Stroke {number} must be a list of points.")
        if not stroke:
            raise BadInk(f"Stroke {number} has no points.")
        points += len(stroke)
        if points > MAX_POINTS:
            raise BadInk(f"A box may hold at most {MAX_POINTS} points.")
    width = _size(box, "width", DEFAULT_WIDTH)
    height = _size(box, "height", DEFAULT_HEIGHT)
    brush = _size(box, "brush", DEFAULT_BRUSH)
    return Strokes(tuple(_points(stroke, n) for n, stroke in enumerate(strokes, 1)), width, height, brush)


def _points(stroke: Any, number: int) -> NDArray[np.float64]:
    if not set(map(type, stroke)) <= {list, tuple} or not set(map(len, stroke)) <= {2, 3, 4}:
        raise BadInk(f"Each point of stroke {number} must be a list of 2 to 4 numbers.")
    if not set(map(type, chain.from_iterable(stroke))) <= {int, float}:
        raise BadInk(f"Stroke {number} holds something that is not a number.")
    try:
        finite = bool(np.isfinite(np.fromiter(chain.from_iterable(stroke), np.float64)).all())
        path = np.array([(point[0], point[1]) for point in stroke], dtype=np.float64)
    except OverflowError:  # an integer beyond any float
        finite = False
    if not finite:
        raise BadInk(f"Stroke {number} holds a number that is not finite.")
    if np.abs(path).max() > MAX_COORDINATE:
        raise BadInk(f"Stroke {number} has a coordinate beyond {MAX_COORDINATE:.0f}.")
    return path


def _size(box: Mapping[str, Any], name: str, default: float) -> float:
    value = box.get(name, default)
    if type(value) not in (int, float) or not 0 < value <= MAX_SIZE:
        raise BadInk(f"{name} must be a number above 0 and at most {MAX_SIZE:.0f}.")
    return float(value)
