"""Phones, keyboards, screen readers, small and large screens."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.page_driver import DIGITS, PageDriver, sent_box
from tests.e2e.visit import (
    NewPage,
    digits_of,
)

pytestmark = pytest.mark.stack


def test_a_finger_draws_on_a_phone(new_page: NewPage) -> None:
    driver = new_page(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=3
    )
    scrolled = driver.page.evaluate("scrollY")
    for position, digit in enumerate("407", start=1):
        driver.touch_draw(position, digit)
    assert driver.page.evaluate("scrollY") == scrolled, "drawing does not scroll the page"
    density = driver.pad(1).evaluate("canvas => canvas.width / canvas.getBoundingClientRect().width")
    assert density == pytest.approx(3, abs=0.05)
    request = driver.recognise_and_catch()
    first = sent_box(request, 1)["strokes"][0]
    assert first[0][2] == 0, "times count from the first point"
    assert 0 < first[-1][2] < 60_000
    assert digits_of(driver.result_text()) == "407"


def test_a_second_finger_leaves_no_mark(new_page: NewPage) -> None:
    driver = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    first = driver.on_screen(1, [(0.5, 0.2), (0.5, 0.4), (0.5, 0.8)])
    same, other = driver.on_screen(1, [(0.9, 0.9)])[0], driver.on_screen(3, [(0.5, 0.5)])[0]
    driver.touch("touchStart", [first[0]])
    driver.touch("touchStart", [first[0], same, other])
    driver.touch("touchMove", [first[1], (same[0] - 30, same[1] - 9), (other[0] + 9, other[1])])
    driver.touch("touchMove", [first[2], (same[0] - 40, same[1] - 9), (other[0] + 12, other[1])])
    driver.touch("touchEnd", [])
    assert driver.inked(3) == 0
    (stroke,) = sent_box(driver.recognise_and_catch(), 1)["strokes"]
    assert {round(x / 28) for x, *_ in stroke} == {5}
    driver.result_text()


def test_keys_move_clear_and_undo(driver: PageDriver) -> None:
    driver.draw(1, "1")
    driver.draw(2, "2")
    press = driver.page.keyboard.press
    expect(driver.pad(2)).to_be_focused()
    press("ArrowLeft")
    expect(driver.pad(1)).to_be_focused()
    press("Delete")
    assert (driver.inked(1), driver.inked(2) > 0) == (0, True)
    press("Control+z")
    assert driver.inked(1) > 0
    press("Control+Shift+z")
    assert driver.inked(1) == 0
    press("End")
    expect(driver.pad(11)).to_be_focused()
    press("ArrowRight")
    expect(driver.pad(11)).to_be_focused()
    press("Home")
    expect(driver.pad(1)).to_be_focused()
    press("Enter")
    assert digits_of(driver.result_text()) == "2"


def test_up_and_down_move_between_the_rows_of_a_phone(new_page: NewPage) -> None:
    driver = new_page(viewport={"width": 390, "height": 844})

    def press(key: str) -> int:
        driver.page.keyboard.press(key)
        return int(driver.page.evaluate("document.activeElement.closest('.box').dataset.position"))

    driver.pad(1).focus()
    assert press("ArrowDown") == 5
    assert press("ArrowDown") in {8, 9}
    assert press("ArrowDown") in {8, 9}, "there is no row below"
    assert press("End") == 11
    assert press("ArrowUp") == 7
    assert press("ArrowUp") in {3, 4}


def test_boxes_have_names_and_tell_their_state(driver: PageDriver) -> None:
    box = driver.page.get_by_role("application", name="Digit 1 of 11, country code", exact=True)
    expect(box).to_have_accessible_description("empty")
    driver.draw(1, "4")
    expect(box).to_have_accessible_description("2 strokes")
    driver.read()
    expect(box).to_have_accessible_description(re.compile(r"2 strokes; read as 4, \d+% sure"))
    expect(driver.page.get_by_role("application")).to_have_count(11)


@pytest.mark.parametrize("width", [320, 360, 390, 600, 768, 1024, 1280, 1920])
def test_boxes_fit_every_screen(new_page: NewPage, width: int) -> None:
    driver = new_page(viewport={"width": width, "height": 800})
    assert driver.page.evaluate("document.documentElement.scrollWidth") <= width
    areas = [driver.pad(position).bounding_box() for position in range(1, 12)]
    assert all(area and area["width"] >= 70 and abs(area["width"] - area["height"]) < 1 for area in areas)
    driver.draw(11, "1")
    assert digits_of(driver.read()) == "1"
    assert driver.page.evaluate("document.documentElement.scrollWidth") <= width


def test_ink_is_light_on_dark_where_the_system_is_dark(new_page: NewPage) -> None:
    driver = new_page(color_scheme="dark")
    driver.draw(1, "1")
    sample = """canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) return data[i];
    }"""
    assert driver.pad(1).evaluate(sample) > 200
    driver.page.emulate_media(color_scheme="light")
    driver.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert driver.pad(1).evaluate(sample) < 60


def test_the_page_allows_no_foreign_script(driver: PageDriver) -> None:
    answer = driver.page.request.get(driver.base_url + "/")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    origins = "performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin)"
    assert set(driver.page.evaluate(origins)) == {driver.base_url}


def test_only_get_is_answered(driver: PageDriver) -> None:
    assert driver.page.request.post(driver.base_url + "/").status in {403, 405}


def test_every_shape_of_the_driver_stays_in_its_box() -> None:
    for strokes in DIGITS.values():
        points = [point for stroke in strokes for point in stroke]
        assert 3 < len(points) < 80
        assert all(0.05 < x < 0.95 and 0.05 < y < 0.95 for x, y in points)
