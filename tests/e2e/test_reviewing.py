"""A reviewer labels with keys, takes labels back, and never meets what another reviewer has."""

import base64
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.drawing import box_of_strokes, number_of_pictures
from tests.stack import Stack

pytestmark = pytest.mark.stack

REVIEW = "/admin/training/review/one-by-one/"
MAKE_USERS = """
from django.contrib.auth.models import User
from recognition.models import Reading
from training.models import ReviewLock
for name in ("anna", "bert"):
    user, _ = User.objects.get_or_create(username=name, is_staff=True, is_superuser=True)
    user.set_password("a long word")
    user.save()
Reading.objects.update(doubt=None)
ReviewLock.objects.all().delete()
"""
LABELS = """
from training.models import Sample
print("".join(Sample.objects.exclude(digit="").order_by("box__position").values_list("digit", flat=True)))
"""
CLEAR = "from training.models import Sample; Sample.objects.all().delete()"

SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(browser: Browser, stack: Stack) -> Iterator[SignIn]:
    """Signs a reviewer in, in a browser profile of their own, and opens the page."""
    stack.manage("shell", "-c", MAKE_USERS + CLEAR)
    wrong: list[str] = []
    contexts = []

    def enter(name: str, width: int = 1280, height: int = 800, touch: bool = False) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, has_touch=touch)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{stack.url}/admin/login/?next={REVIEW}")
        page.fill("#id_username", name)
        page.fill("#id_password", "a long word")
        page.click("input[type=submit]")
        expect(page.locator("#left")).not_to_have_text("…")
        return page

    yield enter
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def number(stack: Stack, sign_in: SignIn) -> str:
    """Four pictures, the third disputed by its submitter, and a digit of strokes."""
    boxes: list[dict[str, object]] = [
        {"image": base64.b64encode(data).decode()} for data in number_of_pictures("4125")
    ]
    answer = stack.submit([*boxes, box_of_strokes("7")], wait=30, contribute=True)
    assert answer.json["state"] == "succeeded"
    job = answer.json["id"]
    headers = {"Content-Type": "application/json", "X-Job-Key": answer.json["key"]}
    path = f"/api/v1/recognitions/{job}/correction/"
    assert stack.request("POST", path, b'{"digits": "41957"}', headers).status == 201
    return str(job)


def labels(stack: Stack) -> str:
    return stack.manage("shell", "-c", LABELS).split("\n")[-2].strip()


def left(page: Page, count: int) -> None:
    expect(page.locator("#left")).to_contain_text(f"{count} left")


def position(page: Page) -> int:
    return 1 + int(page.locator("#number .current").evaluate("e => [...e.parentNode.children].indexOf(e)"))


def test_labels_by_keys_with_undo_and_to_the_end(stack: Stack, sign_in: SignIn, number: str) -> None:
    page = sign_in("anna")
    left(page, 5)
    assert position(page) == 3, "what is disputed comes first"
    expect(page.locator("#claim")).to_have_text("9")
    expect(page.locator("#confirm")).to_contain_text("Confirm the submitter's claim: 9")
    expect(page.locator("#number li")).to_have_count(5)
    page.keyboard.press("2")
    left(page, 4)
    expect(page.locator("#number li").nth(2)).not_to_have_class("current")
    page.keyboard.press("u")
    expect(page.locator("#what")).to_have_text("Taken back: 2.")
    left(page, 5)
    assert position(page) == 3
    page.keyboard.press("Enter")
    left(page, 4)
    for rest in (3, 2, 1):
        expect(page.locator("#work")).to_be_visible()
        page.keyboard.press("Enter")
        left(page, rest)
    expect(page.locator("#work")).to_be_visible()
    page.keyboard.press("x")
    expect(page.locator("#done")).to_contain_text("All is reviewed")
    left(page, 0)
    found = labels(stack)
    assert len(found) == 5
    assert found[2] == "9"
    assert found.count("-") == 1
    page.keyboard.press("u")  # from the end, and after a reload, too
    expect(page.locator("#work")).to_be_visible()
    page.reload()
    left(page, 1)
    page.keyboard.press("u")
    left(page, 2)


def test_a_second_reviewer_gets_another_box(stack: Stack, sign_in: SignIn, number: str) -> None:
    anna = sign_in("anna")
    bert = sign_in("bert")
    expect(anna.locator("#work")).to_be_visible()
    expect(bert.locator("#work")).to_be_visible()
    assert position(anna) != position(bert)
    theirs = position(bert)
    bert.keyboard.press("8")
    left(bert, 4)
    assert labels(stack) == "8"
    for _ in range(3):  # the three that anna holds; the arrow passes them over, the label goes on
        assert position(anna) != theirs
        anna.keyboard.press("1")
    expect(anna.locator("#left")).to_contain_text("1 left")
    anna.close()


def test_arrows_move_without_labelling_and_the_end_goes_back(
    stack: Stack, sign_in: SignIn, number: str
) -> None:
    page = sign_in("anna")
    first = position(page)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#number li").nth(first - 1)).not_to_have_class("current")
    page.keyboard.press("ArrowLeft")
    assert position(page) == first
    seen = {first}
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        expect(page.locator("#work")).to_be_visible()
        seen.add(position(page))
    assert seen == {1, 2, 3, 4, 5}
    page.keyboard.press("ArrowRight")
    expect(page.locator("#number li").nth(first - 1)).to_have_class("current")
    left(page, 5)
    assert labels(stack) == ""


def test_a_finger_labels_on_a_phone(stack: Stack, sign_in: SignIn, number: str) -> None:
    page = sign_in("anna", width=390, height=844, touch=True)
    page.locator(".pad [data-label='9']").tap()
    left(page, 4)
    page.locator("#undo").tap()
    left(page, 5)
    page.locator("#confirm").tap()
    left(page, 4)
    assert labels(stack) == "9"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_lost_connection_loses_no_label(stack: Stack, sign_in: SignIn, number: str) -> None:
    page = sign_in("anna")

    def cut(route: Route) -> None:
        route.abort("connectionfailed")

    page.route("**/label/", cut)
    page.keyboard.press("2")
    expect(page.locator("#what")).to_have_text("The site cannot be reached. One label is not saved yet.")
    page.keyboard.press("3")  # nothing more is taken before that is solved
    page.unroute("**/label/", cut)
    page.locator("#again").click()
    left(page, 4)
    expect(page.locator("#trouble")).to_be_hidden()
    assert labels(stack) == "2"


def test_a_lost_session_says_so_and_the_label_is_saved_after_signing_in(
    stack: Stack, sign_in: SignIn, number: str
) -> None:
    page = sign_in("anna")
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    page.keyboard.press("2")
    expect(page.locator("#what")).to_contain_text("Your session has ended.")
    expect(page.locator("#login")).to_be_visible()
    page.context.add_cookies([cookie for cookie in cookies if cookie["name"] == "sessionid"])  # type: ignore[misc]
    page.locator("#again").click()
    left(page, 4)
    assert labels(stack) == "2"


def test_a_drawing_that_was_deleted_meanwhile_is_passed_over(
    stack: Stack, sign_in: SignIn, number: str
) -> None:
    page = sign_in("anna")
    other = stack.submit([box_of_strokes("0")], wait=30, contribute=True)
    assert other.json["state"] == "succeeded"
    forget = "from phonereader.jobs.models import Job; from recognition.submissions import forget; "
    stack.manage("shell", "-c", forget + f"forget(Job.objects.get(id='{number}'), 'test')")
    page.keyboard.press("2")
    expect(page.locator("#what")).to_contain_text("deleted meanwhile")
    for _ in range(2):  # what was fetched ahead is gone as well
        page.keyboard.press("0")
        expect(page.locator("#left")).to_be_visible()
    expect(page.locator("#number li")).to_have_count(1)
    page.keyboard.press("0")
    expect(page.locator("#done")).to_be_visible()
    assert labels(stack) == "0"
