"""Pictures of ink and glyphs for pages: inline, so that a list of numbers is one request."""

import base64
from io import BytesIO
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from PIL import Image, ImageOps

from recognition.models import Box
from recognition.reader.ink import (
    DEFAULT_BRUSH,
    DEFAULT_HEIGHT,
    DEFAULT_WIDTH,
    BadInk,
    decode_picture,
)

GLYPH_SIDE = 28


def of_box(box: Box, side: int = 96) -> SafeString:
    """The ink as it was sent: strokes as SVG, a picture made small enough for ``side`` pixels."""
    return of_ink(box.strokes, box.picture, side)


def of_ink(strokes: dict[str, Any] | None, picture: bytes | memoryview | None, side: int) -> SafeString:
    if picture is None:
        return of_strokes(strokes or {}, side)
    try:
        grey = decode_picture(bytes(picture)).grey
    except BadInk:
        return format_html('<span class="no-picture">{}</span>', "damaged")
    small = ImageOps.contain(Image.fromarray(grey), (2 * side, 2 * side))
    return of_image(small, side, "picture as sent")


def of_strokes(ink: dict[str, Any], side: int) -> SafeString:
    brush = ink.get("brush", DEFAULT_BRUSH)
    points = [point for stroke in ink.get("strokes", []) for point in stroke]
    # The canvas, and what was drawn beyond it: that is ink like the rest.
    left, right = edge([p[0] for p in points], ink.get("width", DEFAULT_WIDTH), brush)
    top, bottom = edge([p[1] for p in points], ink.get("height", DEFAULT_HEIGHT), brush)
    paths = format_html_join(
        "",
        '<path d="{}"/>',
        ((path_of(stroke),) for stroke in ink.get("strokes", [])),
    )
    return format_html(
        '<svg class="ink" viewBox="{} {} {} {}" width="{}" height="{}" fill="none" stroke="#000"'
        ' stroke-width="{}" stroke-linecap="round" stroke-linejoin="round" role="img"'
        ' aria-label="strokes as sent">{}</svg>',
        *(f"{number:g}" for number in (left, top, right - left, bottom - top)),
        side,
        side,
        brush,
        paths,
    )


def edge(along: list[float], canvas: float, brush: float) -> tuple[float, float]:
    """From where to where a picture reaches in one direction."""
    outside = [number for number in along if not 0 <= number <= canvas]
    return min([0, *(n - brush / 2 for n in outside)]), max([canvas, *(n + brush / 2 for n in outside)])


def path_of(stroke: list[list[float]]) -> str:
    """An SVG path through the points; a stroke of one point becomes a dot."""
    points = " L".join(f"{point[0]:g} {point[1]:g}" for point in stroke)
    return f"M{points}" if len(stroke) > 1 else f"M{points} l0 0"


def of_glyph(glyph: bytes | memoryview | None, side: int = GLYPH_SIDE) -> SafeString:
    """What the network saw."""
    if glyph is None:
        return format_html('<span class="no-glyph" style="width:{}px;height:{}px"></span>', side, side)
    image = Image.frombytes("L", (GLYPH_SIDE, GLYPH_SIDE), bytes(glyph))
    return of_image(image, side, "glyph")


def of_image(image: Image.Image, side: int, name: str) -> SafeString:
    file = BytesIO()
    image.save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode()
    return format_html(
        '<img class="ink" src="data:image/png;base64,{}" width="{}" height="{}" alt="{}">',
        data,
        side,
        side,
        name,
    )
