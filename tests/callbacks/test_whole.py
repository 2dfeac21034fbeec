"""Callbacks of the whole program, as it runs in service."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.callbacks.receiver import raw_server, receiver
from tests.drawing import box_of_strokes
from tests.stack import Answer, Backend, Stack, free_port, wait_until

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def calling(each_backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The program, allowed to call back to this machine, with one process that reads."""
    own = {"WEBHOOK_PRIVATE_ADDRESSES": "true", "RECOGNITION_PROCESSES": "1"}
    with (
        each_backend.prepared() as environment,
        Stack(tmp_path_factory.mktemp("stack"), environment | own) as stack,
    ):
        yield stack


@pytest.fixture(scope="module")
def token(calling: Stack) -> dict[str, str]:
    key = calling.manage("drf_create_token", "admin").split()[2]
    return {"Authorization": f"Token {key}", "Content-Type": "application/json"}


def submit(stack: Stack, token: dict[str, str], url: str) -> Answer:
    body: dict[str, Any] = {"boxes": [box_of_strokes("7")], "callback_url": url}
    answer = stack.request("POST", "/api/v1/recognitions/", json.dumps(body).encode(), token)
    assert answer.status == 202
    return answer


def test_who_submits_is_told_the_reading(calling: Stack, token: dict[str, str]) -> None:
    secret = calling.get("/api/v1/webhook-secret/", headers=token).json["secret"]
    with receiver() as hook:
        job_id = submit(calling, token, hook.url).json["id"]
        wait_until(lambda: hook.calls, "a callback")
        message = hook.calls[0].verified(secret)
    assert message["type"] == "job.succeeded"
    assert message["data"] == calling.job(job_id)
    assert message["data"]["result"]["digits"] == "7"


def test_a_receiver_that_was_away_is_told_when_it_is_back(calling: Stack, token: dict[str, str]) -> None:
    port = free_port()
    job_id = submit(calling, token, f"http://127.0.0.1:{port}/hook").json["id"]
    calling.ended(job_id)
    wait_until(lambda: f"of job {job_id}: attempt 1" in calling.log.read_text(), "a first attempt, in vain")
    with receiver(port=port) as hook:
        wait_until(lambda: hook.calls, "a callback")
        assert hook.calls[0].path == "/hook"


def test_receivers_that_never_answer_hold_up_no_reading(calling: Stack, token: dict[str, str]) -> None:
    with raw_server(b"") as url:
        for _ in range(8):
            calling.ended(submit(calling, token, url).json["id"])
        in_vain = calling.log.read_text().count("no answer within")
        job = calling.submit([box_of_strokes("7")]).json
        assert calling.ended(job["id"])["state"] == "succeeded"
        assert calling.log.read_text().count("no answer within") - in_vain < 8, "callbacks still wait"
