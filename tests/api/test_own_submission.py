"""Whoever holds a job's key may correct and delete what they sent, and nobody else may."""

from typing import Any

import pytest
from django.test import Client

from phonereader.jobs import lifecycle, runner
from phonereader.jobs.models import Job
from recognition.models import Box, Correction, Reading, Submission
from recognition.reading import ReadNumber
from tests.api.conftest import Submit
from tests.drawing import box_of_strokes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent(submit_json: Submit) -> dict[str, Any]:
    """A job that was read, with its key."""
    job: dict[str, Any] = submit_json([box_of_strokes("7"), box_of_strokes("1"), {"strokes": []}]).json()
    return job


def place(job: dict[str, Any]) -> str:
    return f"/api/v1/recognitions/{job['id']}/"


def key(job: dict[str, Any]) -> dict[str, str]:
    return {"X-Job-Key": job["key"]}


def correct(client: Client, job: dict[str, Any], digits: Any, headers: dict[str, str] | None = None) -> Any:
    data = {"digits": digits}
    return client.post(place(job) + "correction/", data, content_type="application/json", headers=headers)


def test_a_correction_is_kept_as_a_claim(client: Client, sent: dict[str, Any]) -> None:
    answer = correct(client, sent, "71-", key(sent))
    assert (answer.status_code, answer.json()) == (201, {"digits": "71-"})
    claim = Correction.objects.get()
    assert (str(claim.submission_id), claim.digits) == (sent["id"], "71-")


@pytest.mark.parametrize("digits", ["71", "7123", "7a1", "71?", 711, None, "", "71\n"])
def test_a_correction_has_one_character_a_box(client: Client, sent: dict[str, Any], digits: Any) -> None:
    answer = correct(client, sent, digits, key(sent))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "digits"
    assert not Correction.objects.exists()


def test_a_stranger_corrects_and_deletes_nothing(client: Client, sent: dict[str, Any]) -> None:
    for headers in ({}, {"X-Job-Key": "guess"}):
        assert correct(client, sent, "711", headers).status_code == 403
        assert client.delete(place(sent), headers=headers).status_code == 403
    assert Submission.objects.count() == 1
    assert not Correction.objects.exists()


def test_what_is_deleted_is_gone(client: Client, sent: dict[str, Any]) -> None:
    runner.run(sent["id"], ReadNumber(), "w1")
    correct(client, sent, "711", key(sent))
    assert client.delete(place(sent), headers=key(sent)).status_code == 204
    for model in (Submission, Box, Reading, Correction):
        assert not model.objects.exists()
    assert Job.objects.get().result is None
    assert client.get(f"/api/v1/jobs/{sent['id']}/").status_code == 410
    assert client.delete(place(sent), headers=key(sent)).status_code == 410
    assert correct(client, sent, "711", key(sent)).status_code == 410


def test_deleting_what_waits_cancels_it(client: Client, sent: dict[str, Any]) -> None:
    assert client.delete(place(sent), headers=key(sent)).status_code == 204
    assert runner.run(sent["id"], ReadNumber(), "w1") is None
    assert Job.objects.get().state == "cancelled"


def test_the_late_result_of_what_was_deleted_is_discarded(client: Client, sent: dict[str, Any]) -> None:
    class Deleted(ReadNumber):
        def run(self, job: Job, lease: Any) -> Any:
            outcome = super().run(job, lease)
            assert client.delete(place(sent), headers=key(sent)).status_code == 204
            return outcome

    assert runner.run(sent["id"], Deleted(), "w1") is None
    assert Job.objects.get().state == lifecycle.State.CANCELLED
    assert not Reading.objects.exists()
