"""Drives the drawing page as a person does: real pointer and touch events in a real browser."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from playwright.sync_api import CDPSession, Locator, Page, Request, expect

Stroke = list[tuple[float, float]]
"""Points in a box whose sides are 0 to 1."""


def _curve(*points: tuple[float, float], steps: int = 5) -> Stroke:
    """A smooth line through ``points`` (Catmull-Rom), as a hand draws it."""
    padded = [points[0], *points, points[-1]]
    line: Stroke = [points[0]]
    for i in range(1, len(padded) - 2):
        a, b, c, d = padded[i - 1 : i + 3]
        for step in range(1, steps + 1):
            t = step / steps
            line.append(
                (
                    _catmull_rom(a[0], b[0], c[0], d[0], t),
                    _catmull_rom(a[1], b[1], c[1], d[1], t),
                )
            )
    return line


def _catmull_rom(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def _strokes(shape: str) -> list[Stroke]:
    """``x,y`` in percent of the box; ``|`` parts the strokes, ``>`` is a corner, all else is smooth."""
    strokes = []
    for stroke in shape.split("|"):
        line: Stroke = []
        for part in stroke.split(">"):
            pairs = [pair.split(",") for pair in part.split()]
            line += _curve(*((int(x) / 100, int(y) / 100) for x, y in pairs))
        strokes.append(line)
    return strokes


DIGITS: dict[str, list[Stroke]] = {
    digit: _strokes(shape)
    for digit, shape in {
        "0": "54,16 36,24 28,50 36,78 52,84 68,74 73,48 66,24 52,16",
        "1": "53,15 52,38 50,62 50,85",
        "2": "30,30 38,18 56,16 67,28 62,46 46,64 28,82 > 30,82 50,81 74,82",
        "3": "30,22 48,15 65,24 62,40 46,48 64,56 69,70 54,84 29,79",
        "4": "40,16 34,36 27,57 > 29,58 50,58 76,56 | 62,34 61,56 59,86",
        "5": "36,18 34,32 33,46 > 36,45 54,41 69,52 68,71 52,83 29,79 | 36,18 52,17 68,16",
        "6": "62,15 46,28 35,48 32,68 42,83 58,82 67,69 60,56 46,55 35,66",
        "7": "27,20 48,19 70,19 > 70,20 58,42 49,63 43,85",
        "8": "63,24 49,15 36,25 42,41 58,53 66,69 52,85 36,72 43,54 58,40 64,26",
        "9": "65,30 53,17 38,23 36,40 49,49 62,42 66,28 > 65,32 64,52 60,70 55,86",
    }.items()
}


def turned(strokes: Iterable[Stroke], degrees: float) -> list[Stroke]:
    """The strokes turned about the middle of the box: another hand."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [
        [
            (0.5 + (x - 0.5) * cos - (y - 0.5) * sin, 0.5 + (x - 0.5) * sin + (y - 0.5) * cos)
            for x, y in stroke
        ]
        for stroke in strokes
    ]


class PageDriver:
    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url.rstrip("/")
        self._cdp: CDPSession | None = None

    # --- Looking ---------------------------------------------------------------------------------

    def open(self) -> None:
        self.page.goto(f"{self.base_url}/")
        self.ready()

    def ready(self) -> None:
        expect(self.page.locator("main[data-ready=true]")).to_be_attached()

    def box(self, position: int) -> Locator:
        return self.page.locator(f'.box[data-position="{position}"]')

    def pad(self, position: int) -> Locator:
        return self.box(position).locator("canvas")

    def box_digit(self, position: int) -> str:
        """What the page says under the box; empty where it was blank or not readable."""
        return self.box(position).locator("input.digit").input_value()

    def result_text(self) -> str:
        """The number shown, once there is one."""
        number = self.page.locator("#number")
        expect(number).to_be_visible(timeout=30_000)
        return number.inner_text()

    def notice(self) -> Locator:
        return self.page.locator("#notice p")

    def strokes_told(self, position: int) -> str:
        """What a screen reader hears of a box."""
        return self.page.locator(f"#told-{position}").inner_text()

    def inked(self, position: int) -> int:
        """How many pixels of the box show ink."""
        count = self.pad(position).evaluate(
            """canvas => {
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                let inked = 0;
                for (let i = 3; i < data.length; i += 4) inked += data[i] > 127;
                return inked;
            }"""
        )
        return int(count)

    # --- Drawing ---------------------------------------------------------------------------------

    def draw(self, position: int, shape: str | Sequence[Stroke]) -> None:
        """Draws a digit (a key of ``DIGITS``) or strokes with the mouse."""
        self.tool("brush")
        self._drag(position, DIGITS[shape] if isinstance(shape, str) else shape)

    def draw_number(self, digits: str) -> None:
        for position, digit in enumerate(digits, start=1):
            self.draw(position, digit)

    def erase(self, position: int, path: Stroke) -> None:
        self.tool("eraser")
        self._drag(position, [path])
        self.page.mouse.move(1, 1)  # the eraser's ring leaves the box with the pointer

    def touch_draw(self, position: int, shape: str | Sequence[Stroke]) -> None:
        """Draws with a finger (the context must have touch)."""
        self.tool("brush")
        for stroke in DIGITS[shape] if isinstance(shape, str) else shape:
            points = self.on_screen(position, stroke)
            self.touch("touchStart", [points[0]])
            for point in points[1:]:
                self.touch("touchMove", [point])
            self.touch("touchEnd", [])

    def touch(self, kind: str, points: Sequence[tuple[float, float]]) -> None:
        """One raw touch event; the fingers are told apart by their place in ``points``."""
        if self._cdp is None:
            self._cdp = self.page.context.new_cdp_session(self.page)
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self._cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    def on_screen(self, position: int, stroke: Stroke) -> list[tuple[float, float]]:
        pad = self.pad(position)
        pad.scroll_into_view_if_needed()
        area = pad.bounding_box()
        assert area is not None, f"box {position} is not on the page"
        return [(area["x"] + x * area["width"], area["y"] + y * area["height"]) for x, y in stroke]

    def _drag(self, position: int, strokes: Sequence[Stroke]) -> None:
        mouse = self.page.mouse
        for stroke in strokes:
            points = self.on_screen(position, stroke)
            mouse.move(*points[0])
            mouse.down()
            for (from_x, from_y), (x, y) in pairwise(points):
                mouse.move(x, y, steps=max(1, round(math.hypot(x - from_x, y - from_y) / 6)))
            mouse.up()

    # --- Buttons ---------------------------------------------------------------------------------

    def tool(self, name: str) -> None:
        radio = self.page.locator(f'input[name="tool"][value="{name}"]')
        if not radio.is_checked():
            self.page.locator("label", has=radio).click()

    def clear(self, position: int) -> None:
        self.box(position).locator(".wipe").click()

    def clear_all(self) -> None:
        self.page.locator("#clear").click()

    def undo(self) -> None:
        self.page.locator("#undo").click()

    def redo(self) -> None:
        self.page.locator("#redo").click()

    def recognise(self) -> None:
        self.page.locator("#recognise").click()

    def recognise_and_catch(self) -> Request:
        """Presses the button and gives the request that it sent."""
        with self.page.expect_request("**/api/v1/recognitions/") as sent:
            self.recognise()
        return sent.value

    def read(self) -> str:
        """Presses the button and waits for the number."""
        self.recognise()
        return self.result_text()


def sent(request: Request) -> dict[str, Any]:
    """The submission that ``request`` carries."""
    body: dict[str, Any] | None = request.post_data_json
    assert body is not None
    return body


def sent_box(request: Request, position: int) -> dict[str, Any]:
    """A box of it."""
    box: dict[str, Any] = sent(request)["boxes"][position - 1]
    return box
