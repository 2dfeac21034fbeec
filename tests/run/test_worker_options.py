"""How Celery's workers are started."""

import pytest
from django.conf import LazySettings

from phonereader.jobs.management.commands.run import worker


@pytest.mark.parametrize(
    ("events", "given", "left_out"),
    [
        (False, "--without-heartbeat", "--task-events"),
        (True, "--task-events", "--without-heartbeat"),
    ],
)
def test_events_are_sent_only_where_somebody_wants_them(
    settings: LazySettings, events: bool, given: str, left_out: str
) -> None:
    settings.TASK_EVENTS = events
    options = worker("recognition", 1, "recognition")
    assert given in options
    assert left_out not in options
