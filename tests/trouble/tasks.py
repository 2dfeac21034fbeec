import os
import signal
import time
from typing import Any

from phonereader.jobs.models import Job
from phonereader.jobs.runner import Lease
from phonereader.jobs.states import Kind
from phonereader.jobs.tasks import job_task


class Trouble:
    """Work that does what its job's caller is called."""

    def prepare(self) -> None: ...

    def run(self, job: Job, lease: Lease) -> None:
        getattr(self, job.caller)(job, lease)

    def save(self, job: Job, outcome: None) -> dict[str, Any]:
        return {}

    def poison(self, job: Job, lease: Lease) -> None:
        """Kills its worker, as a bug in a C library does."""
        os.kill(os.getpid(), signal.SIGKILL)

    def attentive(self, job: Job, lease: Lease) -> None:
        """Never ends by itself, but checks its lease."""
        while True:
            lease.check()
            time.sleep(0.01)

    def deaf(self, job: Job, lease: Lease) -> None:
        """Never ends, and heeds nothing."""
        while True:
            time.sleep(1)

    def stuck_once(self, job: Job, lease: Lease) -> None:
        """At first hangs in C, so that neither another thread of its process nor a signal gets a turn."""
        if job.attempt == 1:
            sum(range(10**13))


trouble = job_task("recognition.trouble", Kind.TRANSFER, Trouble)
