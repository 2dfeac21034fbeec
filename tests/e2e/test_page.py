"""A visitor at the drawing page: a real browser, real pointers, the real stack behind it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, expect

from tests.e2e.page_driver import DIGITS, PageDriver, Stroke, sent, sent_box

pytestmark = pytest.mark.stack

NUMBER = "12125550123"
SIZE, ERASER_RADIUS = 280, 22
SEVEN: Stroke = [(0.2 + 0.05 * i, 0.2) for i in range(13)] + [
    (0.8 - 0.02 * i, 0.2 + 0.03 * i) for i in range(1, 22)
]
"""One stroke: a bar to the right, then a slanting leg."""
NewPage = Callable[..., PageDriver]


@pytest.fixture
def new_page(browser: Browser, stack_url: str) -> Iterator[NewPage]:
    """Opens the page in a fresh browser profile; at the end nothing may have gone wrong in its scripts."""
    wrong: list[str] = []
    contexts = []

    def listen(message: ConsoleMessage) -> None:
        # What a broken or refused request logs is the browser's line, not the page's.
        if message.type == "error" and "Failed to load resource" not in message.text:
            wrong.append(message.text)

    def make(**options: Any) -> PageDriver:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        driver = PageDriver(page, stack_url)
        driver.open()
        return driver

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def driver(new_page: NewPage) -> PageDriver:
    return new_page()


def digits_of(text: str) -> str:
    return re.sub(r"\D", "", text)


def cut_the_network(page: Page, what: str) -> None:
    page.route(what, lambda route: route.abort("connectionfailed"))


def ask_without_waiting(page: Page) -> None:
    """The POST is answered at once, with a job that still waits or runs; what follows is polling."""

    def hurry(route: Route) -> None:
        headers = {name: value for name, value in route.request.headers.items() if name.lower() != "prefer"}
        route.continue_(headers=headers)

    page.route("**/api/v1/recognitions/", hurry)


def read_otherwise(page: Page, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the results that the page gets: which drawing is doubtful is for each reader to say."""

    def rewrite(route: Route) -> None:
        answer = route.fetch(headers={**route.request.headers, "prefer": "wait=30"})
        job = answer.json()
        change(job["result"])
        route.fulfill(response=answer, json=job)

    page.route("**/api/v1/recognitions/", rewrite)


# --- Reading ---------------------------------------------------------------------------------------


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


# --- Ink -------------------------------------------------------------------------------------------


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


# --- What must not be lost -----------------------------------------------------------------------------


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


# --- Trouble -------------------------------------------------------------------------------------------


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


# --- Correcting ------------------------------------------------------------------------------------------


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


# --- Fingers, keys, screens ------------------------------------------------------------------------


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
