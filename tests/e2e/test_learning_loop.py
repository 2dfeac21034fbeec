"""The whole loop as people live it: draw, correct, review, retrain, watch, activate, draw again."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from bench.odd_hand import odd_hand
from recognition.reader.ink import Strokes
from tests.e2e.page_driver import PageDriver, Stroke
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.long, pytest.mark.timeout(1200)]

DRAWN = "2029"
"""In this hand these are read as something else, or not at all."""
NUMBERS = 9
PASSWORD = """
from django.contrib.auth.models import User
user = User.objects.get(username="admin")
user.set_password("a long word")
user.save()
"""
MINUTES = 60_000.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("loop"), {"RECOGNITION_PROCESSES": "1"}) as running:
        running.manage("shell", "-c", PASSWORD)
        yield running


def strokes(ink: Strokes) -> list[Stroke]:
    """As the page's driver takes them: sides of 0 to 1, and fewer points than the hand made."""
    return [[(x / ink.width, y / ink.height) for x, y in (*path[:-1:4], path[-1])] for path in ink.strokes]


def box(ink: Strokes) -> dict[str, Any]:
    paths = [np.round(path, 1).tolist() for path in ink.strokes]
    return {"strokes": paths, "width": ink.width, "height": ink.height, "brush": ink.brush}


def test_a_hand_that_is_misread_is_read_after_a_review_and_a_training(browser: Browser, stack: Stack) -> None:
    write = odd_hand(np.random.default_rng(1))
    inks = [write(int(digit)) for digit in DRAWN]
    visitor = PageDriver(browser.new_context().new_page(), stack.url)
    visitor.open()
    truth = draw_and_correct(visitor, inks)
    random = np.random.default_rng(2)
    for _ in range(NUMBERS):
        digits = "".join(random.choice(list("0292029134"), 11))
        answer = stack.submit([box(write(int(digit))) for digit in digits], wait=30, contribute=True)
        truth[answer.json["id"]] = digits

    admin = sign_in(browser, stack)
    review(admin, truth)
    retrain(admin)
    activate(admin)

    visitor.open()
    visitor.clear_all()
    for position, ink in enumerate(inks, start=1):
        visitor.draw(position, strokes(ink))
    assert re.sub(r"\D", "", visitor.read()) == DRAWN


def draw_and_correct(visitor: PageDriver, inks: list[Strokes]) -> dict[str, str]:
    """The visitor's number by the id of its job; it is misread, and corrected on the page."""
    visitor.page.locator("#contribute").check()
    for position, ink in enumerate(inks, start=1):
        visitor.draw(position, strokes(ink))
    with visitor.page.expect_response("**/api/v1/recognitions/") as sent:
        visitor.recognise()
    assert re.sub(r"\D", "", visitor.result_text()) != DRAWN
    for position, digit in enumerate(DRAWN, start=1):
        visitor.box(position).locator("input.digit").fill(digit)
    with visitor.page.expect_response("**/correction/") as corrected:
        visitor.page.locator("#correct").click()
    assert corrected.value.status == 201
    return {sent.value.json()["id"]: DRAWN}


def sign_in(browser: Browser, stack: Stack) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{stack.url}/admin/login/?next=/admin/training/review/one-by-one/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", "a long word")
    page.click("input[type=submit]")
    return page


def review(page: Page, truth: dict[str, str]) -> None:
    """A reviewer who sees what was meant labels all of it by keys."""
    count = sum(map(len, truth.values()))
    for left in range(count, 0, -1):
        expect(page.locator("#left")).to_contain_text(f"{left} left")
        expect(page.locator("#work")).to_be_visible()
        address = page.locator("#submission").get_attribute("href") or ""
        (job,) = [job for job in truth if job in address]
        current = page.locator("#number .current")
        position = int(current.evaluate("e => [...e.parentNode.children].indexOf(e)"))
        page.keyboard.press(truth[job][position])
    expect(page.locator("#done")).to_contain_text("All is reviewed")


def retrain(page: Page) -> None:
    """Start a run from the admin, and watch its curves until it has succeeded."""
    page.goto(re.sub(r"/admin/.*", "/admin/training/trainingrun/start/", page.url))
    expect(page.locator(".learning")).to_contain_text("new")
    page.fill("#id_epochs", "3")
    page.get_by_role("button", name="Retrain").click()
    expect(page.locator("#state")).to_have_text("running", timeout=MINUTES)
    expect(page.locator("#loss polyline")).to_be_attached(timeout=6 * MINUTES)
    first = page.locator("#loss polyline").get_attribute("points")
    expect(page.locator("#state")).to_have_text("succeeded", timeout=10 * MINUTES)
    assert page.locator("#loss polyline").get_attribute("points") != first, "the curve moves"
    expect(page.locator("#gate")).to_contain_text("Passed")


def activate(page: Page) -> None:
    page.locator("#gate a").click()
    page.fill("input[name=reason]", "reads the odd hand")
    page.get_by_role("button", name="Activate").click()
    expect(page.locator("body")).to_contain_text("In service")
