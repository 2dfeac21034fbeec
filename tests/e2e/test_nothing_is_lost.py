"""Reloads, other window sizes and late results lose and mix up nothing."""

import pytest
from playwright.sync_api import expect

from tests.e2e.page_driver import PageDriver, sent, sent_box
from tests.e2e.visit import ask_without_waiting, cut_the_network, digits_of

pytestmark = pytest.mark.stack


def test_a_reload_keeps_the_drawing(driver: PageDriver) -> None:
    driver.draw(1, "2")
    driver.draw(11, "9")
    before = sent(driver.recognise_and_catch())["boxes"]
    driver.result_text()
    pixels = driver.inked(1), driver.inked(11)

    driver.page.reload()
    driver.ready()
    assert (driver.inked(1), driver.inked(11)) == pixels
    assert digits_of(driver.result_text()) == "29", "the result is kept too"
    assert sent(driver.recognise_and_catch())["boxes"] == before
    driver.result_text()


def test_a_reload_finds_the_running_job_again(driver: PageDriver) -> None:
    ask_without_waiting(driver.page)
    cut_the_network(driver.page, "**/api/v1/jobs/**")
    driver.draw(1, "8")
    driver.recognise()
    expect(driver.notice()).to_contain_text("Connection lost")
    driver.page.unroute_all(behavior="wait")
    posts: list[str] = []
    driver.page.on("request", lambda request: posts.append(request.method))

    driver.page.reload()
    driver.ready()
    assert digits_of(driver.result_text()) == "8"
    assert "POST" not in posts, "it was followed, not sent again"


def test_another_size_of_the_window_loses_nothing(driver: PageDriver) -> None:
    driver.draw(3, "6")
    before = sent_box(driver.recognise_and_catch(), 3)["strokes"]
    driver.result_text()
    driver.page.set_viewport_size({"width": 390, "height": 844})
    expect(driver.box(3)).to_be_visible()
    assert driver.inked(3) > 0
    driver.draw(5, [[(0.25, 0.25), (0.75, 0.75)]])
    request = driver.recognise_and_catch()
    assert sent_box(request, 3)["strokes"] == before
    (line,) = sent_box(request, 5)["strokes"]
    assert line[0][:2] == pytest.approx([70, 70], abs=5)
    assert line[-1][:2] == pytest.approx([210, 210], abs=5)
    driver.result_text()


def test_an_old_result_is_marked_as_old(driver: PageDriver) -> None:
    driver.draw(1, "1")
    driver.read()
    driver.draw(2, "2")
    expect(driver.page.locator("#outdated")).to_be_visible()
    expect(driver.page.locator("#recognise")).to_have_text("Recognise again")
    driver.undo()
    expect(driver.page.locator("#outdated")).to_be_hidden()
    driver.redo()
    assert digits_of(driver.read()) == "12"
    expect(driver.page.locator("#outdated")).to_be_hidden()


def test_a_result_that_comes_after_more_was_drawn_is_not_shown_as_new(driver: PageDriver) -> None:
    ask_without_waiting(driver.page)
    cut_the_network(driver.page, "**/api/v1/jobs/**")
    driver.draw(1, "1")
    driver.recognise()
    expect(driver.notice()).to_contain_text("Connection lost")
    driver.draw(2, "2")
    driver.page.unroute_all(behavior="wait")
    assert digits_of(driver.result_text()) == "1"
    expect(driver.page.locator("#outdated")).to_be_visible()
