"""Transfers: data in or out, and shadow runs, as jobs on a queue of their own that delay nothing else."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from phonereader.jobs import lifecycle
from phonereader.jobs.bell import ring_on_commit
from phonereader.jobs.models import Job
from phonereader.jobs.runner import ExpectedError, Lease, Work
from phonereader.jobs.states import Kind
from training.models import Transfer

WORKS: dict[str, Callable[[], Work]] = {}
"""The work of each kind of transfer, by ``Transfer.What``; ``training.tasks`` fills it."""

MOST_NUMBERS = 10_000
"""So many numbers a shadow run reads at most."""


class RunTransfer:
    """Does what the job's transfer says."""

    work: Work

    def prepare(self) -> None:
        """Nothing: what there is to prepare is known when the job is."""

    def run(self, job: Job, lease: Lease) -> Any:
        what = Transfer.objects.filter(job=job).values_list("what", flat=True).first()
        if what is None:
            raise ExpectedError("gone", "The transfer was deleted.")
        if what not in WORKS:
            raise ExpectedError(
                "unknown_transfer", f"This version of the program knows no transfer {what!r}."
            )
        self.work = WORKS[what]()
        self.work.prepare()
        return self.work.run(job, lease)

    def save(self, job: Job, outcome: Any) -> dict[str, Any]:
        return self.work.save(job, outcome)


@transaction.atomic
def start(what: str, user: User | None = None, caller: str = "", **fields: Any) -> Job:
    """Queue a transfer; ``fields`` are its row's (options, file, file_name)."""
    job = lifecycle.create(Kind.TRANSFER, user=user, caller=caller)
    Transfer.objects.create(job=job, what=what, **fields)
    ring_on_commit(job.id, job.kind)
    job.refresh_from_db(fields=["created_at"])
    return job
