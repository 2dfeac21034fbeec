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
    if box.picture is None:
        return of_strokes(box.strokes or {}, side)
    try:
        grey = decode_picture(bytes(box.picture)).grey
    except BadInk:
        return format_html('<span class="no-picture">{}</span>', "damaged")
    picture = ImageOps.contain(Image.fromarray(grey), (2 * side, 2 * side))
    return of_image(picture, side, "picture as sent")


def of_strokes(ink: dict[str, Any], side: int) -> SafeString:
    width, height = ink.get("width", DEFAULT_WIDTH), ink.get("height", DEFAULT_HEIGHT)
    paths = format_html_join(
        "",
        '<path d="{}"/>',
        ((path_of(stroke),) for stroke in ink.get("strokes", [])),
    )
    return format_html(
        '<svg class="ink" viewBox="0 0 {} {}" width="{}" height="{}" fill="none" stroke="#000"'
        ' stroke-width="{}" stroke-linecap="round" stroke-linejoin="round" role="img"'
        ' aria-label="strokes as sent">{}</svg>',
        width,
        height,
        side,
        side,
        ink.get("brush", DEFAULT_BRUSH),
        paths,
    )


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
