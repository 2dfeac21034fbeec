"""Submitting a number: the ink is kept as it was sent, with a queued job."""

import base64
import json
import os

import pytest
from django.core.management import call_command
from django.test import Client

from phonereader.jobs.models import Job
from recognition.models import Box, Submission
from tests.api.conftest import Submit
from tests.drawing import as_bytes, box_of_strokes, picture_of


def test_strokes_are_kept_as_sent(submit_json: Submit) -> None:
    box = {"strokes": [[[1, 2], [3.5, 4, 17], [5, 6, 20, 0.5]]], "width": 50, "height": 60, "brush": 4}
    answer = submit_json([box, {"strokes": []}], region="us", contribute=True)
    assert answer.status_code == 202
    submission = Submission.objects.get()
    assert (submission.region, submission.contributed, submission.source) == ("US", True, "api")
    assert [kept.strokes for kept in submission.boxes.all()] == [box, {"strokes": []}]


def test_the_answer_is_the_job_with_its_key_and_place(submit_json: Submit, client: Client) -> None:
    answer = submit_json([box_of_strokes("1")])
    job = answer.json()
    assert (job["kind"], job["state"], job["attempt"]) == ("recognition", "queued", 0)
    assert job["result"] is job["error"] is job["started_at"] is None
    assert answer["Location"] == job["links"]["self"] == f"/api/v1/jobs/{job['id']}/"
    assert answer["Retry-After"]
    followed = client.get(answer["Location"])
    assert followed.status_code == 200
    assert followed.json() == {name: value for name, value in job.items() if name != "key"}


def test_pictures_in_reading_order_whatever_the_order_of_the_fields(submit_form: Submit) -> None:
    pictures = {f"{n}.png": as_bytes(picture_of(str(n % 10))) for n in range(1, 12)}
    answer = submit_form(sorted(pictures.items()))  # 1.png, 10.png, 11.png, 2.png, ...
    assert answer.status_code == 202
    kept = [bytes(box.picture) for box in Box.objects.order_by("position")]
    assert kept == [pictures[f"{n}.png"] for n in range(1, 12)]


def test_a_repeated_field_image(submit_form: Submit) -> None:
    first, second = as_bytes(picture_of("3")), as_bytes(picture_of("4"))
    assert submit_form([("image", first), ("image", second)], region="CH").status_code == 202
    assert [bytes(box.picture) for box in Box.objects.order_by("position")] == [first, second]


def test_images_in_json_beside_strokes(submit_json: Submit) -> None:
    picture = as_bytes(picture_of("5"))
    text = base64.b64encode(picture).decode()
    answer = submit_json([{"image": text}, box_of_strokes("7"), {"image": f"data:image/png;base64,{text}"}])
    assert answer.status_code == 202
    first, second, third = Box.objects.order_by("position")
    assert bytes(first.picture) == bytes(third.picture) == picture
    assert second.picture is None


def test_the_same_idempotency_key_gives_the_same_job(submit_json: Submit) -> None:
    headers = {"Idempotency-Key": "abc"}
    first = submit_json([box_of_strokes("1")], headers=headers).json()
    again = submit_json([box_of_strokes("1")], headers=headers)
    assert again.status_code == 202
    assert again.json() == first
    assert Job.objects.count() == Submission.objects.count() == 1
    assert submit_json([box_of_strokes("1")]).json()["id"] != first["id"]


def test_an_idempotency_key_with_another_body_is_refused(submit_json: Submit) -> None:
    headers = {"Idempotency-Key": "abc"}
    submit_json([box_of_strokes("1")], headers=headers)
    answer = submit_json([box_of_strokes("7")], headers=headers)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert Job.objects.count() == 1


def test_a_full_queue_is_said(submit_json: Submit, settings: pytest.FixtureRequest) -> None:
    settings.JOB_WAITING_LIMIT = 2  # type: ignore[attr-defined]
    assert submit_json([box_of_strokes("1")]).status_code == 202
    assert submit_json([box_of_strokes("1")]).status_code == 202
    full = submit_json([box_of_strokes("1")])
    assert full.status_code == 503
    assert full["Retry-After"]
    assert Job.objects.count() == 2


def test_a_token_is_needed_only_where_a_setting_says_so(
    submit_json: Submit, settings: pytest.FixtureRequest, django_user_model: type
) -> None:
    from rest_framework.authtoken.models import Token

    settings.SUBMIT_NEEDS_TOKEN = True  # type: ignore[attr-defined]
    assert submit_json([box_of_strokes("1")]).status_code == 401
    token = Token.objects.create(user=django_user_model.objects.create_user("integrator"))  # type: ignore[attr-defined]
    answer = submit_json([box_of_strokes("1")], headers={"Authorization": f"Token {token.key}"})
    assert answer.status_code == 202
    assert Job.objects.get().caller == f"user:{token.user_id}"


def test_the_tutorials_call_needs_the_token_too(submit_form: Submit, settings: pytest.FixtureRequest) -> None:
    settings.SUBMIT_NEEDS_TOKEN = True  # type: ignore[attr-defined]
    answer = submit_form([("1.png", as_bytes(picture_of("5")))], path="/api/recognize")
    assert answer.status_code == 401
    assert not Job.objects.exists()


def test_cancelling_needs_the_key(submit_json: Submit, client: Client) -> None:
    job = submit_json([box_of_strokes("1")]).json()
    cancel = job["links"]["cancel"]
    assert client.post(cancel).status_code == 403
    assert client.post(cancel, headers={"X-Job-Key": "wrong"}).status_code == 403
    answer = client.post(cancel, headers={"X-Job-Key": job["key"]})
    assert answer.status_code == 200
    assert answer.json()["state"] == "cancelled"


def test_the_schema_is_valid_without_a_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)


def test_the_schema_names_the_endpoints(client: Client, db: None) -> None:
    schema = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert schema.status_code == 200
    document = json.loads(schema.content)
    assert {"/api/v1/recognitions/", "/api/v1/jobs/{job_id}/"} <= set(document["paths"])


def test_the_docs_page_loads_nothing_from_elsewhere(client: Client, db: None) -> None:
    page = client.get("/api/docs/").content.decode()
    assert "swagger" in page
    assert "https://" not in page.replace("https://www.w3.org", "")
