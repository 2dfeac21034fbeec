"""A visitor corrects what was read, and deletes what was sent."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.page_driver import PageDriver
from tests.e2e.visit import (
    read_otherwise,
)

pytestmark = pytest.mark.stack


def test_a_typed_digit_corrects_what_was_read(driver: PageDriver) -> None:
    driver.draw(1, "1")
    driver.draw(2, "5")
    driver.read()
    driver.pad(1).focus()
    driver.page.keyboard.press("7")
    assert driver.box_digit(1) == "7"
    with driver.page.expect_response("**/correction/") as answer:
        driver.page.locator("#correct").click()
    assert answer.value.status == 201
    assert answer.value.request.post_data_json == {"digits": "75---------"}
    expect(driver.page.locator("#thanks")).to_contain_text("Thank you")


def test_a_correction_needs_a_word_for_what_was_not_readable(driver: PageDriver) -> None:
    def unreadable(result: dict[str, Any]) -> None:
        result["boxes"][1] |= {"state": "unreadable", "digit": None, "confidence": 0.4}
        result["digits"] = "1?"

    read_otherwise(driver.page, unreadable)
    driver.draw(1, "1")
    driver.draw(2, "8")
    assert driver.read() == "1?"
    expect(driver.box(2)).to_have_class(re.compile(r"\bunreadable\b"))
    expect(driver.page.locator("#remarks")).to_contain_text("Box 2 could not be read.")
    driver.box(1).locator("input.digit").fill("7")
    expect(driver.page.locator("#correction")).to_contain_text("What does box 2 say?")
    expect(driver.page.locator("#correct")).to_be_disabled()
    driver.box(2).locator("input.digit").fill("-")
    with driver.page.expect_response("**/correction/") as answer:
        driver.page.locator("#correct").click()
    assert answer.value.request.post_data_json == {"digits": "7----------"}
    assert answer.value.status == 201


def test_a_doubtful_digit_stands_out_and_a_suggestion_can_be_used(driver: PageDriver) -> None:
    def doubtful(result: dict[str, Any]) -> None:
        result["boxes"][0] |= {
            "confidence": 0.6134,
            "alternatives": [{"digit": "7", "confidence": 0.31}, {"digit": "9", "confidence": 0.002}],
        }
        result["suggestion"] = {
            "digits": "74",
            "e164": "+74",
            "formatted": "+7 4",
            "confidence": 0.3,
            "changed": [1],
        }

    read_otherwise(driver.page, doubtful)
    driver.draw(1, "1")
    driver.draw(3, "4")
    assert driver.read() == "14"
    expect(driver.box(1)).to_have_class(re.compile(r"\bdoubtful\b"))
    expect(driver.box(1).locator(".percent")).to_have_text("61%")
    expect(driver.box(1).get_by_role("button", name="Digit 1 is 7")).to_be_visible()
    expect(driver.box(1).get_by_role("button", name="Digit 1 is 9")).to_have_count(0)
    expect(driver.box(3)).to_have_class(re.compile(r"\bsure\b"))
    expect(driver.page.locator("#remarks")).to_contain_text("Box 1 is in doubt.")
    asked = "Did you mean +7 4? Box 1 was read as 1, perhaps it is 7."
    expect(driver.page.locator("#suggestion p")).to_have_text(asked)
    expect(driver.page.locator("#live")).to_contain_text(asked)
    driver.page.locator("#suggestion button").click()
    assert (driver.box_digit(1), driver.box_digit(3)) == ("7", "4")
    expect(driver.page.locator("#correction")).to_contain_text("You correct it to 74.")
    assert driver.result_text() == "14", "a suggestion never replaces what was read"


def test_a_correction_can_be_taken_back(driver: PageDriver) -> None:
    driver.draw(1, "1")
    driver.read()
    driver.box(1).locator("input.digit").fill("4")
    expect(driver.page.locator("#correct")).to_be_visible()
    driver.page.locator("#uncorrect").click()
    expect(driver.page.locator("#correct")).to_be_hidden()
    assert driver.box_digit(1) == "1"


def test_a_visitor_can_delete_what_was_sent(driver: PageDriver) -> None:
    driver.draw(1, "1")
    driver.read()
    link = driver.page.locator("#json").get_attribute("href")
    driver.page.locator("#forget").click()
    expect(driver.notice()).to_contain_text("Deleted from the server")
    assert driver.page.request.get(f"{driver.base_url}{link}").status == 410
    assert driver.inked(1) > 0
