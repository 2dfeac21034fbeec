"""The admin's first page tells how much is read, how often it is corrected, and which version read it."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils.timezone import now

from phonereader.jobs import runner
from phonereader.jobs.models import first_id
from recognition.models import Correction, Submission
from recognition.reading import ReadNumber
from tests.learning.conftest import submitted
from training import dashboard

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shipped")]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.delete("dashboard")


def read(digits: str, example: int = 0) -> Submission:
    submission = submitted(digits, example)[0].submission
    runner.run(submission.pk, ReadNumber(), "w1")
    submission.refresh_from_db()
    return submission


def test_days_and_versions_count_what_was_read_and_corrected() -> None:
    right, wrong, _other = read("123"), read("456"), read("789")
    Correction.objects.create(submission=right, digits=right.digits, by="visitor")
    Correction.objects.create(submission=wrong, digits="999", by="visitor")
    Correction.objects.create(submission=wrong, digits="998", by="visitor")
    days = dashboard.by_day()
    assert len(days) == dashboard.DAYS
    assert [(each.submissions, each.corrected) for each in days[:-1]] == [(0, 0)] * (dashboard.DAYS - 1)
    assert (days[-1].submissions, days[-1].corrected) == (3, 1)
    (version,) = dashboard.by_version()
    assert (version.version, version.submissions) == (right.model_id, 3)
    assert version.corrected == pytest.approx(1 / 3)
    assert version.confidence == pytest.approx(
        sum(each.confidence or 0 for each in Submission.objects.all()) / 3
    )


def test_a_claim_that_a_box_without_an_answer_holds_no_digit_is_no_correction() -> None:
    submission = read("12")
    Submission.objects.filter(pk=submission.pk).update(digits="1?")
    Correction.objects.create(submission=submission, digits="1-", by="visitor")
    assert dashboard.by_day()[-1].corrected == 0


def test_ids_are_a_clock() -> None:
    before = first_id(now() - timedelta(seconds=1))
    submission = submitted("1")[0].submission
    assert before < submission.pk < first_id(now() + timedelta(seconds=1))


def test_the_first_page_shows_it(admin_client: Client) -> None:
    read("123")
    page = admin_client.get("/admin/").content.decode()
    assert "Numbers submitted and corrected" in page
    assert "None has read a number" not in page
