"""Bad input gets a 4xx problem that names the place, stores nothing and reaches no worker."""

import base64
import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from phonereader.jobs import bell
from phonereader.jobs.models import Job
from recognition.models import Box, Submission
from tests.api.conftest import Submit
from tests.drawing import as_bytes, box_of_strokes, picture_of

GOOD = as_bytes(picture_of("5"))
LINE = [[10, 10], [20, 20]]


@pytest.fixture(autouse=True)
def nothing_happens(db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """After each test: no row, no ring."""
    rings: list[Any] = []
    monkeypatch.setattr(bell.bell, "ring", lambda *ring: rings.append(ring))
    yield
    assert Job.objects.count() == Submission.objects.count() == Box.objects.count() == 0
    assert rings == []


def refused(answer: Any, status: int, box: int | None = None, field: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["detail"].endswith(".")
    assert {"type", "title", "errors"} <= set(problem)
    if box is not None:
        assert [error.get("box") for error in problem["errors"]] == [box]
    if field is not None:
        assert [error.get("field") for error in problem["errors"]] == [field]
    return problem


def bomb(side: int) -> bytes:
    """A PNG of side x side pixels in a few kB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    squeeze = zlib.compressobj(9)
    row = b"\0" * (side // 8 + 1)
    rows = b"".join(squeeze.compress(row) for _ in range(side)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BAD_PICTURES = {
    "text named .png": b"this is no picture",
    "truncated": GOOD[: len(GOOD) // 2],
    "empty": b"",
    "20,000 x 20,000": bomb(20_000),
    "an SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}


@pytest.mark.parametrize("data", BAD_PICTURES.values(), ids=BAD_PICTURES.keys())
def test_a_bad_picture_is_named(submit_form: Submit, submit_json: Submit, data: bytes) -> None:
    refused(submit_form([("1.png", GOOD), ("2.png", data), ("3.png", GOOD)]), 400, box=2)
    text = base64.b64encode(data).decode()
    refused(submit_json([{"image": text}, box_of_strokes("1")]), 400, box=1)


def test_the_bomb_is_small() -> None:
    data = bomb(20_000)
    assert len(data) < 60_000
    with pytest.raises(Image.DecompressionBombError):
        Image.open(BytesIO(data))


BAD_BOXES = {
    "NaN": {"strokes": [[[1, float("nan")], [2, 2]]]},
    "infinity": {"strokes": [[[float("inf"), 1]]]},
    "1e300": {"strokes": [[[1e300, 1]]]},
    "a huge integer": {"strokes": [[[10**400, 1]]]},
    "a stroke without points": {"strokes": [[]]},
    "a point without y": {"strokes": [[[1]]]},
    "a point of five numbers": {"strokes": [[[1, 2, 3, 4, 5]]]},
    "words": {"strokes": [[["a", "b"]]]},
    "truths": {"strokes": [[[True, False]]]},
    "nulls": {"strokes": [[[None, 1]]]},
    "strokes as an object": {"strokes": {"0": LINE}},
    "width 0": {"strokes": [LINE], "width": 0},
    "a negative height": {"strokes": [LINE], "height": -5},
    "a brush of NaN": {"strokes": [LINE], "brush": float("nan")},
    "neither": {},
    "both": {"strokes": [LINE], "image": base64.b64encode(GOOD).decode()},
    "no object": [LINE],
    "no base64": {"image": "%%%"},
    "a number as image": {"image": 5},
}


@pytest.mark.parametrize("box", BAD_BOXES.values(), ids=BAD_BOXES.keys())
def test_a_bad_box_is_named(submit_json: Submit, box: Any) -> None:
    refused(submit_json([box_of_strokes("1"), box, box_of_strokes("7")]), 400, box=2)


def test_a_million_points(submit_json: Submit) -> None:
    points = "[" + ",".join(["[1,2]"] * 1_000_000) + "]"
    refused(submit_json(None, raw='{"boxes": [{"strokes": [' + points + "]}]}"), 400, box=1)


def test_every_bad_box_is_named_at_once(submit_json: Submit) -> None:
    problem = refused(submit_json([{}, box_of_strokes("1"), {"strokes": [[]]}]), 400)
    assert [error["box"] for error in problem["errors"]] == [1, 3]


@pytest.mark.parametrize("count", [0, 16])
def test_too_few_and_too_many_boxes(submit_json: Submit, submit_form: Submit, count: int) -> None:
    refused(submit_json([box_of_strokes("1")] * count), 400, field="boxes")
    refused(submit_form([(f"{n}.png", GOOD) for n in range(1, count + 1)]), 400, field="boxes")


def test_a_gap_and_a_double_among_the_pictures(submit_form: Submit) -> None:
    refused(submit_form([("1.png", GOOD), ("3.png", GOOD)]), 400, box=2)
    refused(submit_form([("1.png", GOOD), ("2.png", GOOD), ("2.jpg", GOOD)]), 400, box=2)
    refused(submit_form([("1.png", GOOD), ("1.png", GOOD)]), 400, box=1)


def test_fields_that_are_no_pictures(submit_form: Submit) -> None:
    refused(submit_form([("0.png", GOOD)]), 400, field="0.png")
    refused(submit_form([("portrait", GOOD)]), 400, field="portrait")
    refused(submit_form([("1.png", GOOD), ("image", GOOD)]), 400, field="image")


@pytest.mark.parametrize("raw", ["{", "", "[1, 2]", '"boxes"', '{"boxes": 3}', "[" * 100_000, "\ufffe"])
def test_json_that_is_none_or_of_another_shape(submit_json: Submit, raw: str) -> None:
    refused(submit_json(None, raw=raw), 400)


def test_a_wrong_content_type(client: Client) -> None:
    refused(client.post("/api/v1/recognitions/", "1", content_type="text/plain"), 415)
    refused(client.post("/api/recognize", "{}", content_type="application/json"), 415)


def test_a_broken_form(client: Client) -> None:
    refused(client.post("/api/v1/recognitions/", b"--x\r\n", content_type="multipart/form-data"), 400)


@pytest.mark.parametrize("region", ["XX", "USA", 5, "U\x00"])
def test_a_region_that_is_none(submit_json: Submit, region: Any) -> None:
    refused(submit_json([box_of_strokes("1")], region=region), 400, field="region")


def test_waits_that_are_none(submit_json: Submit, client: Client) -> None:
    refused(submit_json([box_of_strokes("1")], headers={"Prefer": "wait=soon"}), 400, field="Prefer")
    refused(submit_json([box_of_strokes("1")], headers={"Prefer": "wait=-1"}), 400, field="Prefer")


def test_a_wrong_token(submit_json: Submit) -> None:
    refused(submit_json([box_of_strokes("1")], headers={"Authorization": "Token nobody"}), 401)


def test_a_key_that_is_too_long(submit_json: Submit) -> None:
    answer = submit_json([box_of_strokes("1")], headers={"Idempotency-Key": "x" * 300})
    refused(answer, 400, field="Idempotency-Key")


def test_what_is_not_there(client: Client) -> None:
    refused(client.get("/api/v1/jobs/01900000-0000-7000-8000-000000000000/"), 404)
    refused(client.get("/api/v1/jobs/one/"), 404)
    refused(client.get("/api/v2/"), 404)
    refused(client.get("/api/v1/recognitions/"), 405)


@pytest.mark.parametrize("data", BAD_PICTURES.values(), ids=BAD_PICTURES.keys())
def test_the_tutorials_call_refuses_them_too(submit_form: Submit, data: bytes) -> None:
    refused(submit_form([("1.png", GOOD), ("2.png", data)], path="/api/recognize"), 400, box=2)
