"""A job as server-sent events: every change, from the database, with Redis' hints or without."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from phonereader.jobs import hints, lifecycle, waiting
from phonereader.jobs.models import Job
from recognition.submissions import forget
from tests.chaos.services import Redis
from tests.live.site import Site, job_path
from tests.live.test_closing import Web, queued, web  # noqa: F401 (a fixture)
from tests.stack import wait_until


class Stream:
    """The events of a job, one by one."""

    def __init__(self, site: Site, job: Job | str, **headers: str) -> None:
        path = job_path(job.id if isinstance(job, Job) else job) + "events/"
        self.response = site.send("GET", path, **headers).connection.getresponse()

    def next(self) -> dict[str, Any] | None:
        """The job of the next event; None at the end of the stream."""
        found: dict[str, str] = {}
        for line in self.lines():
            if not line and "data" in found:
                assert found["event"] == "job"
                data: dict[str, Any] = json.loads(found["data"])
                self.id = found["id"]
                return data
            name, colon, value = line.partition(": ")
            if colon and name:
                found[name] = value
        return None

    def lines(self) -> Iterator[str]:
        while line := self.response.readline():
            yield line.decode().rstrip("\n")


def claimed(job: Job) -> Job:
    found = lifecycle.claim(job.id, "w1")
    assert found is not None
    return found


@pytest.mark.core
def test_each_change_is_an_event_and_the_end_ends_the_stream(site: Site, job: Job) -> None:
    stream = Stream(site, job)
    assert stream.response.status == 200
    assert stream.response.headers["Content-Type"] == "text/event-stream"
    assert stream.response.headers["Cache-Control"] == "no-store"
    first = stream.next()
    assert first is not None
    assert (first["state"], first["links"]["events"]) == ("queued", job_path(job.id) + "events/")
    running = claimed(job)
    assert (stream.next() or {})["state"] == "running"
    lifecycle.report_progress(running, 0.5)
    assert (stream.next() or {})["progress"] == 0.5
    lifecycle.succeed(running, {"digits": "7"}, "w1")
    last = stream.next()
    assert last is not None
    assert last == site.get(job_path(job.id)).json
    assert stream.next() is None


@pytest.mark.core
def test_who_comes_back_has_missed_nothing_and_is_told_to_stop_after_the_end(site: Site, job: Job) -> None:
    stream = Stream(site, job)
    stream.next()
    stream.response.close()
    running = claimed(job)
    lifecycle.succeed(running, {"digits": "7"}, "w1")
    again = Stream(site, job, **{"Last-Event-ID": stream.id})
    assert (again.next() or {})["result"] == {"digits": "7"}
    assert again.next() is None
    assert Stream(site, job, **{"Last-Event-ID": again.id}).response.status == 204


def test_a_stream_of_nothing_is_a_404_and_of_what_was_deleted_a_410(site: Site, job: Job) -> None:
    accept = {"Accept": "text/event-stream"}
    nothing = site.get(job_path("01900000-0000-7000-8000-000000000000") + "events/", **accept)
    assert (nothing.status, nothing.headers["Content-Type"]) == (404, "application/problem+json")
    stream = Stream(site, job, **accept)
    assert (stream.next() or {})["state"] == "queued"
    forget(job, "me")
    while stream.next() is not None:  # cancelled, if that was seen before it was gone
        pass
    assert site.get(job_path(job.id) + "events/").status == 410


def test_who_takes_no_event_stream_gets_none(site: Site, job: Job) -> None:
    path = job_path(job.id) + "events/"
    refusal = site.get(path, Accept="application/json")
    assert (refusal.status, refusal.headers["Content-Type"]) == (406, "application/problem+json")
    assert refusal.json["status"] == 406
    assert Stream(site, job, Accept="text/html, */*;q=0.1").response.status == 200


def test_a_silence_is_filled(site: Site, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonereader.jobs.events.ALIVE_SECONDS", 0.05)
    stream = Stream(site, job)
    stream.next()
    assert next(stream.lines()).startswith(":")


def test_who_leaves_is_no_longer_served(site: Site, job: Job) -> None:
    waiter = site.send("GET", job_path(job.id) + "events/")
    wait_until(lambda: sum(each.watched for each in waiting.watchers.values()), "a watch")
    waiter.leave()
    wait_until(lambda: not sum(each.watched for each in waiting.watchers.values()), "its end")


@pytest.fixture
def hinted(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """A Redis that carries hints, and a site that hardly ever looks without one."""
    monkeypatch.setattr(waiting, "HINTED_TICK", 3600.0)
    server = Redis(tmp_path)
    server.start()
    settings.REDIS_URL = server.url
    monkeypatch.setattr(hints, "publisher", hints.Publisher())
    yield server
    server.kill()


def test_hints_of_redis_bring_each_change(hinted: Any, site: Site, job: Job) -> None:
    stream = Stream(site, job)
    stream.next()
    wait_until(subscribed, "a subscription")
    lifecycle.succeed(claimed(job), {"digits": "7"}, "w1")
    while (event := stream.next()) is not None:
        last = event
    assert last["state"] == "succeeded"


def test_without_redis_the_database_brings_each_change(hinted: Any, site: Site, job: Job) -> None:
    stream = Stream(site, job)
    stream.next()
    wait_until(subscribed, "a subscription")
    hinted.kill()
    wait_until(lambda: not subscribed(), "its end")
    lifecycle.succeed(claimed(job), {"digits": "7"}, "w1")
    while (event := stream.next()) is not None:
        last = event
    assert last["state"] == "succeeded"


def subscribed() -> bool:
    return any(watcher.hinted for watcher in waiting.watchers.values())


@pytest.mark.stack
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_site_that_stops_ends_its_streams(web: Web, signum: signal.Signals) -> None:  # noqa: F811
    stream = Stream(Site(web.port), queued(web))
    assert (stream.next() or {})["state"] == "queued"
    web.process.send_signal(signum)
    assert stream.next() is None
    web.process.wait(10)
