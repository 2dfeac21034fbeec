"""The whole program reads numbers: web, broker, worker and database, on each pair of them."""

import base64

import pytest

from tests.drawing import as_bytes, box_of_strokes, picture_of
from tests.stack import Stack

pytestmark = pytest.mark.stack


def test_pictures_are_read(each_stack: Stack, pictures: list[bytes]) -> None:
    form = {f"{n}.png": picture for n, picture in enumerate(pictures, 1)}
    answer = each_stack.upload("/api/v1/recognitions/", form, Prefer="wait=30")
    assert answer.status == 200
    job = answer.json
    result = job["result"]
    assert (job["state"], job["attempt"], job["progress"], job["error"]) == ("succeeded", 1, 1.0, None)
    assert result["digits"] == "12125550123"
    assert (result["e164"], result["formatted"]) == ("+12125550123", "+1 212-555-0123")
    assert (result["valid"], result["region"]) == (True, "US")
    assert 0 < result["confidence"] <= 1
    assert [box["position"] for box in result["boxes"]] == list(range(1, 12))
    assert all(box["state"] == "read" and 0.5 < box["confidence"] <= 1 for box in result["boxes"])
    assert result["model"]["version"] >= 1


def test_strokes_pictures_and_blanks_are_read_together_in_order(each_stack: Stack) -> None:
    image = base64.b64encode(as_bytes(picture_of("4"))).decode()
    boxes = [box_of_strokes("1"), {"strokes": []}, {"image": image}, box_of_strokes("0")]
    accepted = each_stack.submit(boxes)
    assert accepted.status == 202
    result = each_stack.ended(accepted.json["id"])["result"]
    assert result["digits"] == "140"
    assert [box["state"] for box in result["boxes"]] == ["read", "blank", "read", "read"]
    blank = result["boxes"][1]
    assert (blank["digit"], blank["confidence"], blank["alternatives"]) == (None, None, [])


def test_blank_boxes_alone_are_no_error(each_stack: Stack) -> None:
    accepted = each_stack.submit([{"strokes": []}] * 11)
    job = each_stack.ended(accepted.json["id"])
    assert job["state"] == "succeeded"
    assert (job["result"]["digits"], job["result"]["confidence"]) == ("", None)


def test_the_tutorials_call_prints_eleven_digits(each_stack: Stack, pictures: list[bytes]) -> None:
    form = {f"{n}.png": picture for n, picture in enumerate(pictures, 1)}
    answer = each_stack.upload("/api/recognize", form)
    assert (answer.status, answer.text) == (200, "12125550123")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["access-control-allow-origin"] == "*"
    blank = as_bytes(picture_of("1").point(lambda _: 255))
    assert each_stack.upload("/api/recognize", {"1.png": pictures[0], "2.png": blank}).text == "1?"


def test_a_poll_that_waits_gets_the_end(each_stack: Stack) -> None:
    accepted = each_stack.submit([box_of_strokes("7")])
    job = each_stack.job(accepted.json["id"], wait=30)
    assert (job["state"], job["result"]["digits"]) == ("succeeded", "7")


def test_a_body_over_the_limit_is_refused(each_stack: Stack) -> None:
    answer = each_stack.request(
        "POST", "/api/v1/recognitions/", b"x" * 20_000_000, {"Content-Type": "application/json"}
    )
    assert answer.status == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_it_is_alive_and_ready(each_stack: Stack) -> None:
    assert each_stack.get("/healthz").json == {"status": "ok"}
    assert each_stack.get("/readyz").json == {"status": "ok", "reasons": {}}
