"""Brush, eraser and undo: what is seen is what is sent."""

import pytest
from playwright.sync_api import expect

from tests.e2e.page_driver import PageDriver, sent_box
from tests.e2e.visit import ERASER_RADIUS, SEVEN, SIZE

pytestmark = pytest.mark.stack


def test_the_eraser_cuts_what_is_seen_and_what_is_sent(driver: PageDriver) -> None:
    driver.draw(1, [SEVEN])
    whole = driver.inked(1)
    across = [(0.35, 0.5), (0.85, 0.5)]
    driver.erase(1, across)

    assert 0 < driver.inked(1) < whole
    strokes = sent_box(driver.recognise_and_catch(), 1)["strokes"]
    assert len(strokes) == 2, "the leg is cut through, so one stroke became two"
    upper, lower = strokes
    for x, y, *_ in upper + lower:
        outside = max(0.35 * SIZE - x, x - 0.85 * SIZE, 0)
        assert (outside**2 + (y - SIZE / 2) ** 2) ** 0.5 > ERASER_RADIUS, f"({x}, {y}) was erased"
    assert min(y for _, y, *_ in lower) > SIZE / 2 > max(y for _, y, *_ in upper)
    assert upper[0][:2] == pytest.approx([0.2 * SIZE, 0.2 * SIZE], abs=4)
    assert lower[-1][:2] == pytest.approx([0.38 * SIZE, 0.83 * SIZE], abs=4)
    driver.result_text()


def test_what_the_eraser_covers_wholly_is_gone(driver: PageDriver) -> None:
    driver.draw(1, [SEVEN])
    driver.draw(2, "1")
    driver.erase(1, [(0.1, 0.2), (0.8, 0.2), (0.35, 0.88)])
    assert driver.inked(1) == 0
    assert sent_box(driver.recognise_and_catch(), 1)["strokes"] == []
    driver.result_text()


def test_a_pass_of_the_eraser_is_one_step_of_undo(driver: PageDriver) -> None:
    driver.draw(1, [SEVEN])
    whole = driver.inked(1)
    driver.erase(1, [(0.1, 0.2), (0.9, 0.2)])
    erased = driver.inked(1)
    assert erased < whole
    driver.undo()
    assert driver.inked(1) == whole
    driver.redo()
    assert driver.inked(1) == erased
    driver.undo()
    driver.undo()
    assert driver.inked(1) == 0
    expect(driver.page.locator("#undo")).to_be_disabled()


def test_the_eraser_cuts_exactly_where_it_went(driver: PageDriver) -> None:
    """Random strokes and erasers: no ink left under the disc, none lost beyond it."""
    faults = driver.page.evaluate(
        """async () => {
            const { cut } = await import("/static/recognition/geometry.js");
            let seed = 7;
            const random = () => ((seed = (seed * 48271) % 2147483647) / 2147483647);
            const place = () => [random() * 280, random() * 280, 0, 0];
            const between = (p, q, t) => [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])];
            const distance = (p, a, b) => {
                const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
                const along = (p[0] - a[0]) * dx + (p[1] - a[1]) * dy;
                const near = between(a, b, Math.max(0, Math.min(1, along / (dx * dx + dy * dy || 1))));
                return Math.hypot(p[0] - near[0], p[1] - near[1]);
            };
            const segments = (line) => line.slice(1).map((q, i) => [line[i], q]);
            const samples = ([p, q]) => Array.from({ length: 51 }, (_, i) => between(p, q, i / 50));
            const faults = [];
            for (let round = 0; round < 500; round++) {
                const stroke = Array.from({ length: 2 + Math.floor(random() * 12) }, place);
                const [a, radius] = [place(), 5 + random() * 40];
                const b = round % 5 ? place() : a;
                const left = cut(stroke, a, b, radius, 0).flatMap(segments);
                for (const point of segments(stroke).flatMap(samples)) {
                    if (distance(point, a, b) < radius + 0.1) continue;
                    const kept = left.some(([p, q]) => distance(point, p, q) < 0.05);
                    if (!kept) faults.push([round, "lost", point]);
                }
                for (const point of left.flatMap(samples))
                    if (distance(point, a, b) < radius - 0.1) faults.push([round, "left", point]);
            }
            return faults.slice(0, 3);
        }"""
    )
    assert faults == []


def test_what_leaves_the_box_is_not_ink(driver: PageDriver) -> None:
    driver.draw(1, [[(0.5, 0.3), (0.5, 0.8), (0.5, 1.4), (0.8, 1.4), (0.8, 0.6)]])
    strokes = sent_box(driver.recognise_and_catch(), 1)["strokes"]
    assert len(strokes) == 2
    assert all(0 <= x <= SIZE and 0 <= y <= SIZE for stroke in strokes for x, y, *_ in stroke)
    assert strokes[0][-1][1] == pytest.approx(SIZE, abs=1)
    driver.result_text()


def test_a_tap_is_a_dot(driver: PageDriver) -> None:
    driver.draw(1, [[(0.5, 0.5)]])
    assert driver.inked(1) > 0
    strokes = sent_box(driver.recognise_and_catch(), 1)["strokes"]
    assert [len(stroke) for stroke in strokes] == [1]
    driver.result_text()


def test_the_brush_has_widths(driver: PageDriver) -> None:
    driver.draw(1, "1")
    normal = driver.inked(1)
    driver.page.get_by_title("Marker").click()
    assert driver.inked(1) > normal * 1.3
    assert sent_box(driver.recognise_and_catch(), 1)["brush"] == 26
    driver.result_text()


def test_clearing_a_box_and_all_boxes(driver: PageDriver) -> None:
    driver.draw(1, "1")
    driver.draw(2, "2")
    driver.clear(1)
    assert (driver.inked(1), driver.inked(2) > 0) == (0, True)
    driver.undo()
    assert driver.inked(1) > 0
    driver.clear_all()
    assert (driver.inked(1), driver.inked(2)) == (0, 0)
    driver.undo()
    assert driver.inked(2) > 0


def test_only_the_left_button_draws(driver: PageDriver) -> None:
    (x, y), (to_x, to_y) = driver.on_screen(1, [(0.3, 0.3), (0.7, 0.7)])
    driver.page.mouse.move(x, y)
    driver.page.mouse.down(button="right")
    driver.page.mouse.move(to_x, to_y)
    driver.page.mouse.up(button="right")
    assert driver.inked(1) == 0
