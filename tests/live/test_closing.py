"""A site that is told to stop ends what waits: with an answer, and at once."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drawing import box_of_strokes
from tests.live.site import Site, job_path
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.stack


class Web(Stack):
    """The web part alone: nobody reads what is sent to it."""

    command = (sys.executable, "manage.py", "run", "--part", "web")

    def wait_ready(self) -> None:
        wait_until(lambda: self.get("/healthz").status == 200, "a site that answers")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    site = Web(tmp_path)
    site.manage("migrate", "--verbosity=0")
    with site:
        yield site


def queued(web: Web) -> str:
    job_id: str = web.submit([box_of_strokes("7")]).json["id"]
    return job_id


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_poll_is_answered_with_the_present_state(web: Web, signum: signal.Signals) -> None:
    job_id = queued(web)
    poll = Site(web.port).send("GET", job_path(job_id) + "?wait=30")
    assert web.get("/healthz").status == 200, "the poll, sent before, has arrived"
    web.process.send_signal(signum)
    answer = poll.answer()
    assert (answer.status, answer.json["state"]) == (200, "queued")
    web.process.wait(10)
