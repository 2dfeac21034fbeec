"""In the admin a number is seen as pictures, with what was read and how sure."""

import pytest
from django.test import Client

from phonereader.jobs import lifecycle, runner
from phonereader.jobs.models import Job
from recognition.models import Activation, ModelVersion, Submission
from recognition.reading import ReadNumber
from recognition.submissions import Sender, SentBox, submit
from tests.drawing import as_bytes, box_of_strokes, picture_of

pytestmark = pytest.mark.core


@pytest.fixture
def number(transactional_db: None) -> Submission:
    """A number that was read: a picture, strokes and a blank box."""
    boxes = [
        SentBox(picture=as_bytes(picture_of("4"))),
        SentBox(strokes=box_of_strokes("7")),
        SentBox(strokes={"strokes": []}),
    ]
    job = submit(boxes, "US", contributed=False, sender=Sender("address:127.0.0.1", "api"))
    runner.run(job.id, ReadNumber(), "w1")
    return Submission.objects.get(job=job)


def test_the_list_shows_each_number_as_glyphs_with_its_certainty(
    admin_client: Client, number: Submission
) -> None:
    page = admin_client.get("/admin/recognition/submission/").content.decode()
    assert page.count("data:image/png;base64,") == 2
    assert "47" in page
    assert f"{100 * (number.confidence or 0):.1f} %" in page


def test_the_page_of_a_number_shows_ink_glyph_digit_and_certainty(
    admin_client: Client, number: Submission
) -> None:
    page = admin_client.get(f"/admin/recognition/submission/{number.pk}/change/").content.decode()
    assert page.count("data:image/png;base64,") == 3  # the picture as sent, and two glyphs
    assert page.count("<svg") >= 2  # the strokes as sent, and the blank box
    assert page.count("<meter") >= 3
    assert "blank" in page


def test_a_list_of_many_numbers_costs_no_more_queries_than_one(
    admin_client: Client, number: Submission, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        admin_client.get("/admin/recognition/submission/")
    for _ in range(10):
        submit(
            [SentBox(strokes=box_of_strokes("1"))], "", contributed=False, sender=Sender("address:x", "api")
        )
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        admin_client.get("/admin/recognition/submission/")


def test_a_number_that_waits_is_shown_too(admin_client: Client, transactional_db: None) -> None:
    job = submit(
        [SentBox(strokes=box_of_strokes("1"))], "", contributed=False, sender=Sender("address:x", "api")
    )
    page = admin_client.get(f"/admin/recognition/submission/{job.id}/change/").content.decode()
    assert "not read" in page


def test_a_job_is_seen_with_the_log_of_its_transitions(admin_client: Client, number: Submission) -> None:
    page = admin_client.get(f"/admin/jobs/job/{number.pk}/change/").content.decode()
    for state in ("queued", "running", "succeeded"):
        assert state in page
    assert admin_client.get("/admin/jobs/job/").status_code == 200


def test_every_list_opens(admin_client: Client, number: Submission) -> None:
    for model in ("recognition/modelversion", "recognition/activation", "jobs/workerprocess"):
        assert admin_client.get(f"/admin/{model}/").status_code == 200
    version = ModelVersion.objects.get()
    assert admin_client.get(f"/admin/recognition/modelversion/{version.pk}/change/").status_code == 200


def test_a_visitor_does_not_get_in(client: Client, number: Submission) -> None:
    answer = client.get("/admin/recognition/submission/")
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


def test_what_is_kept_of_a_reading(number: Submission) -> None:
    assert (number.digits, number.model) == ("47", Activation.objects.get().model)
    assert set(number.timings) == {"fetch", "decode", "read", "number"}
    readings = [box.readings.get() for box in number.boxes.all()]
    assert [reading.state for reading in readings] == ["read", "read", "blank"]
    assert len(readings[0].glyph or b"") == 28 * 28
    assert sum(readings[0].probabilities or []) == pytest.approx(1, abs=1e-3)
    assert Job.objects.get(id=number.pk).state == lifecycle.State.SUCCEEDED
