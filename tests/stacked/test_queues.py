"""Each kind of job has a queue and worker processes of its own."""

import pytest

from tests.drawing import box_of_strokes
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.stack

TRANSFER = "from training import transfers; print(transfers.start('nothing').id)"


def test_a_transfer_is_taken_by_the_worker_of_transfers(each_stack: Stack) -> None:
    job_id = each_stack.manage("shell", "--verbosity=0", "-c", TRANSFER).split()[-1]
    job = each_stack.ended(job_id)
    assert (job["kind"], job["state"], job["attempt"]) == ("transfer", "failed", 1)
    assert (job["error"]["kind"], job["error"]["code"]) == ("expected", "unknown_transfer")
    claimed = [
        line for line in each_stack.log.read_text().splitlines() if f"{job_id} queued -> running" in line
    ]
    assert [f"by transfers-{each_stack.port}@" in line for line in claimed] == [True]


def test_every_worker_reports_itself_for_its_queue(each_stack: Stack) -> None:
    look = "print(*WorkerProcess.objects.values_list('queue', flat=True))"

    def queues() -> bool:
        found = each_stack.manage("shell", "--verbosity=0", "-c", look).split()
        return {"recognition", "training", "transfers"} <= set(found)

    wait_until(queues, "a process for every queue")


def test_an_interactive_number_overtakes_bulk_that_waits(each_stack: Stack) -> None:
    readers = each_stack.find("celery", "worker", "--hostname=recognition")
    for process in readers:
        process.suspend()
    bulk = [each_stack.submit([box_of_strokes("7")], priority="bulk").json["id"] for _ in range(200)]
    urgent = each_stack.submit([box_of_strokes("1")]).json["id"]
    for process in readers:
        process.resume()
    ended = each_stack.ended(urgent)
    assert ended["state"] == "succeeded"
    others = [each_stack.ended(job_id) for job_id in bulk]
    assert {job["state"] for job in others} == {"succeeded"}
    before = sum(job["finished_at"] < ended["finished_at"] for job in others)
    assert before < 20, f"{before} of 200 bulk jobs ended before the one that somebody waited for"
