"""Each kind of job has a queue and worker processes of its own."""

import pytest

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
