"""Whoever sends many numbers says so, and gives way to those who wait for theirs."""

from typing import Any

import pytest
from django.conf import LazySettings

from phonereader.jobs.models import Job
from phonereader.jobs.states import Priority
from tests.api.conftest import Submit
from tests.drawing import as_bytes, box_of_strokes, picture_of


@pytest.mark.parametrize(
    ("fields", "priority"),
    [
        ({}, Priority.INTERACTIVE),
        ({"priority": "interactive"}, Priority.INTERACTIVE),
        ({"priority": "bulk"}, Priority.BULK),
    ],
)
def test_it_is_interactive_unless_it_says_bulk(
    submit_json: Submit, submit_form: Submit, fields: dict[str, Any], priority: Priority
) -> None:
    assert submit_json([box_of_strokes("1")], **fields).status_code == 202
    assert submit_form([("1.png", as_bytes(picture_of("3")))], **fields).status_code == 202
    assert [job.priority for job in Job.objects.all()] == [priority, priority]


@pytest.mark.parametrize("priority", ["urgent", 1, ["bulk"], {}])
def test_another_priority_is_refused(submit_json: Submit, priority: Any) -> None:
    answer = submit_json([box_of_strokes("1")], priority=priority)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "priority"
    assert not Job.objects.exists()


def test_a_queue_full_of_bulk_refuses_bulk_alone(submit_json: Submit, settings: LazySettings) -> None:
    settings.JOB_WAITING_LIMIT = 2
    for expected in (202, 202, 503):
        assert submit_json([box_of_strokes("1")], priority="bulk").status_code == expected
    for expected in (202, 202, 503):
        assert submit_json([box_of_strokes("1")]).status_code == expected
    assert submit_json([box_of_strokes("1")], priority="bulk").status_code == 503
