"""What goes wrong between page and site is said in a sentence."""

import re

import pytest
from playwright.sync_api import Request, expect

from tests.e2e.page_driver import PageDriver
from tests.e2e.visit import (
    ask_without_waiting,
    cut_the_network,
    digits_of,
)

pytestmark = pytest.mark.stack


def test_an_unreachable_server_is_said_and_tried_again(driver: PageDriver) -> None:
    keys: list[str | None] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            keys.append(request.headers.get("idempotency-key"))

    driver.page.on("request", note)
    cut_the_network(driver.page, "**/api/v1/**")
    driver.draw(1, "3")
    driver.recognise()
    expect(driver.notice()).to_contain_text("Connection lost, trying again")
    driver.page.unroute_all(behavior="wait")
    assert digits_of(driver.result_text()) == "3"
    expect(driver.notice()).to_be_hidden()
    assert len(keys) >= 2
    assert len(set(keys)) == 1, "the same drawing, so it is never read twice"


def test_a_connection_that_breaks_while_waiting_is_tried_again(driver: PageDriver) -> None:
    ask_without_waiting(driver.page)
    cut_the_network(driver.page, "**/api/v1/jobs/**")
    driver.draw(1, "6")
    driver.recognise()
    expect(driver.notice()).to_contain_text("Connection lost, trying again")
    driver.page.unroute_all(behavior="wait")
    assert digits_of(driver.result_text()) == "6"
    expect(driver.notice()).to_be_hidden()


def test_a_refusal_names_the_box(driver: PageDriver) -> None:
    driver.draw(1, "1")
    driver.page.evaluate(
        """() => {
            const drawing = JSON.parse(sessionStorage.getItem("phonereader:drawing"));
            drawing.boxes[2] = [Array.from({ length: 20001 }, (_, i) => [i % 280, 100, i, 0])];
            sessionStorage.setItem("phonereader:drawing", JSON.stringify(drawing));
        }"""
    )
    driver.page.reload()
    driver.ready()
    driver.recognise()
    expect(driver.notice()).to_contain_text("Box 3")
    expect(driver.box(3)).to_have_class(re.compile(r"\bfault\b"))
    expect(driver.pad(3)).to_have_attribute("aria-invalid", "true")
    expect(driver.box(1)).not_to_have_class(re.compile(r"\bfault\b"))
    driver.clear(3)
    expect(driver.box(3)).not_to_have_class(re.compile(r"\bfault\b"))
    assert digits_of(driver.read()) == "1"
    expect(driver.notice()).to_be_hidden()


def test_a_job_that_the_server_does_not_know_is_a_sentence(driver: PageDriver) -> None:
    driver.draw(1, "1")
    driver.page.evaluate(
        """() => sessionStorage.setItem("phonereader:submission", JSON.stringify({
            idempotencyKey: "x", contribute: false, id: "01900000-0000-7000-8000-000000000000", key: "x",
            sent: JSON.parse(sessionStorage.getItem("phonereader:drawing")),
        }))"""
    )
    driver.page.reload()
    driver.ready()
    expect(driver.notice()).to_be_visible()
    expect(driver.page.locator("main")).to_have_attribute("data-phase", "error")
    assert driver.notice().inner_text().endswith(".")
    assert digits_of(driver.read()) == "1", "the drawing is still there and can be sent anew"
