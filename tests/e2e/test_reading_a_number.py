"""A visitor draws a number and has it read."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.page_driver import PageDriver, sent, sent_box
from tests.e2e.visit import (
    NUMBER,
    SIZE,
    digits_of,
)

pytestmark = pytest.mark.stack


def test_a_number_is_drawn_and_read(driver: PageDriver) -> None:
    driver.draw_number(NUMBER)

    assert digits_of(driver.read()) == NUMBER
    for position, digit in enumerate(NUMBER, start=1):
        assert driver.box_digit(position) == digit
        expect(driver.box(position).locator(".percent")).to_have_text(re.compile(r"^\d+%"))
    expect(driver.page.locator("#sureness")).to_contain_text("sure of the whole number")
    expect(driver.page.locator("#live")).to_contain_text("Read as")
    expect(driver.page.locator("#outdated")).to_be_hidden()
    expect(driver.notice()).to_be_hidden()


def test_the_job_can_be_looked_at(driver: PageDriver) -> None:
    driver.draw(1, "7")
    driver.read()
    link = driver.page.locator("#json").get_attribute("href")
    assert link is not None
    job = driver.page.request.get(f"{driver.base_url}{link}").json()
    assert job["state"] == "succeeded"
    assert len(job["result"]["boxes"]) == 11


def test_all_boxes_are_sent_in_order_and_blank_ones_shown_as_empty(driver: PageDriver) -> None:
    driver.draw(1, "3")
    driver.draw(4, "7")
    request = driver.recognise_and_catch()

    boxes = sent(request)["boxes"]
    assert [bool(box["strokes"]) for box in boxes] == [True, False, False, True] + [False] * 7
    assert {(box["width"], box["height"], box["brush"]) for box in boxes} == {(SIZE, SIZE, 16)}
    assert digits_of(driver.result_text()) == "37"
    expect(driver.box(2).locator(".percent")).to_have_text("empty")
    assert driver.box_digit(2) == ""
    expect(driver.page.locator("#remarks")).to_contain_text("Boxes 2 and 3 are empty.")


def test_points_carry_their_time(driver: PageDriver) -> None:
    driver.draw(1, "4")
    strokes = sent_box(driver.recognise_and_catch(), 1)["strokes"]
    assert len(strokes) == 2
    times = [point[2] for stroke in strokes for point in stroke]
    assert times[0] == 0
    assert times == sorted(times)
    assert 0 < times[-1] < 60_000


def test_nothing_drawn_is_said_and_not_sent(driver: PageDriver) -> None:
    requests: list[str] = []
    driver.page.on("request", lambda request: requests.append(request.url))
    driver.recognise()
    expect(driver.notice()).to_contain_text("Nothing is drawn yet")
    expect(driver.page.locator("#alert")).to_contain_text("Nothing is drawn yet")
    driver.draw(1, "1")
    expect(driver.notice()).to_be_hidden()
    assert requests == []


def test_drawings_are_offered_for_training_only_when_the_visitor_says_so(driver: PageDriver) -> None:
    driver.draw(1, "5")
    assert sent(driver.recognise_and_catch())["contribute"] is False
    driver.result_text()
    driver.page.locator("#contribute").check()
    assert sent(driver.recognise_and_catch())["contribute"] is True
    driver.result_text()
