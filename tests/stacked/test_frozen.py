"""A worker that was away for longer than its lease finds its job taken, and changes nothing any more.

A file of its own: two programs must not share a broker.
"""

from pathlib import Path

import pytest

from tests.stack import Backend, Stack, wait_until
from tests.stacked.test_survival import slow_boxes, worker_of

pytestmark = pytest.mark.stack


def test_a_worker_frozen_beyond_its_lease_and_thawed_changes_nothing(
    each_backend: Backend, tmp_path: Path
) -> None:
    with (
        each_backend.prepared() as environment,
        Stack(tmp_path, environment | {"RECOGNITION_PROCESSES": "2"}) as stack,
    ):
        job_id = stack.submit(slow_boxes()).json["id"]
        worker = wait_until(lambda: worker_of(stack, job_id), "a worker that has claimed the job")
        worker.suspend()
        job = stack.ended(job_id)  # by the other process
        assert (job["state"], job["attempt"], job["result"]["digits"]) == ("succeeded", 2, "5" * 15)
        worker.resume()
        late = f"job {job_id}: the lease was lost; the late result is discarded"
        wait_until(lambda: late in stack.log.read_text(errors="replace"), "the end of the late work")
        assert stack.job(job_id) == job
        assert stack.manage("shell", "-v0", "-c", "print(Reading.objects.count())").strip() == "15"
