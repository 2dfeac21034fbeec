"""What the log says of a request, of its job and of the job's worker can be put together by their names."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from phonereader.logs import Context, Json, Text, about
from tests.drawing import box_of_strokes
from tests.stack import ROOT, Stack, wait_until


def record(message: str = "hello", **extra: Any) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "a.b", "levelname": "INFO", "msg": message, **extra})
    assert Context().filter(made)
    return made


def test_a_record_carries_the_names_of_its_block() -> None:
    with about(worker="w1"):
        with about(job="j1"):
            inner = json.loads(Json().format(record()))
        outer = json.loads(Json().format(record()))
    assert (inner["job"], inner["worker"]) == ("j1", "w1")
    assert (outer.get("job"), outer["worker"]) == (None, "w1")
    assert {"time", "level", "logger", "message"} <= set(inner)
    assert "worker" not in json.loads(Json().format(record()))


def test_what_a_record_says_itself_goes_first() -> None:
    with about(job="j1"):
        assert json.loads(Json().format(record(job="j2")))["job"] == "j2"


def test_text_adds_only_what_the_line_does_not_say() -> None:
    text = Text("%(name)s: %(message)s")
    assert text.format(record()) == "a.b: hello"
    with about(job="j1", worker="w1"):
        assert text.format(record()) == "a.b: hello [job=j1 worker=w1]"
        assert text.format(record("job j1 ended")) == "a.b: job j1 ended [worker=w1]"


def test_a_line_stays_one_line_of_json() -> None:
    line = Json().format(record('two\nlines and "quotes"', request=object()))
    assert "\n" not in line
    assert json.loads(line)["message"] == 'two\nlines and "quotes"'
    assert "request" not in json.loads(line)


@pytest.mark.stack
def test_a_format_that_is_none_stops_the_start(tmp_path: Path) -> None:
    env = {"LOG_FORMAT": "yaml", "PHONEREADER_DATA_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode != 0
    assert "LOG_FORMAT must be text or json" in run.stderr


@pytest.fixture(scope="module")
def json_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), {"LOG_FORMAT": "json"}) as stack:
        yield stack


def records(stack: Stack, job_id: str) -> list[dict[str, Any]]:
    lines = [line.partition(" | ")[2] for line in stack.log.read_text().splitlines()]
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return [each for each in found if each.get("job") == job_id]


@pytest.mark.stack
def test_one_search_leads_from_the_request_to_the_worker(json_stack: Stack) -> None:
    body = json.dumps({"boxes": [box_of_strokes("7")]}).encode()
    headers = {"Content-Type": "application/json", "X-Request-ID": "proxy-42"}
    answer = json_stack.request("POST", "/api/v1/recognitions/", body, headers)
    assert {name.lower(): value for name, value in answer.headers.items()}["x-request-id"] == "proxy-42"
    job_id = answer.json["id"]
    json_stack.ended(job_id)
    wait_until(lambda: len(records(json_stack, job_id)) >= 3, "records of the job's whole life")
    accepted, claimed, succeeded = records(json_stack, job_id)
    assert accepted["request_id"] == "proxy-42"
    assert "queued -> running" in claimed["message"]
    assert succeeded["worker"].startswith(f"recognition-{json_stack.port}@")
    assert "request_id" not in succeeded


@pytest.mark.stack
def test_requests_that_went_well_are_not_logged(json_stack: Stack) -> None:
    json_stack.get("/healthz")
    assert "/healthz" not in json_stack.log.read_text()
    assert '"logger": "uvicorn.error"' in json_stack.log.read_text()


@pytest.mark.stack
def test_a_name_that_could_forge_a_line_is_not_taken_over(json_stack: Stack) -> None:
    for forged in ("x y", "a" * 65, "{}"):
        answer = json_stack.get("/healthz", headers={"X-Request-ID": forged})
        given = {name.lower(): value for name, value in answer.headers.items()}["x-request-id"]
        assert given != forged
        assert len(given) == 32
