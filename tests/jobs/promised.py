"""The promise, written down once more: what must hold of every job after whatever anybody has done."""

from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from phonereader.jobs.models import Job, Transition, WorkerProcess
from phonereader.jobs.states import Kind
from tests.jobs.actors import Actor

MOVES = {
    ("", "queued"),
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "queued"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("failed", "queued"),  # by staff alone
}
TERMINAL = {"succeeded", "failed", "cancelled"}


class Moment:
    """The rows and logs of all jobs, and what work has written."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Any] = {job.id: job for job in Job.objects.annotate(now=Now())}
        self.logs: dict[UUID, list[Transition]] = defaultdict(list)
        for line in Transition.objects.order_by("revision"):
            self.logs[line.job_id].append(line)
        names = WorkerProcess.objects.values_list("name", flat=True)
        self.written = Counter(UUID(name.split()[0]) for name in names)


def fields(job: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(job).items() if name not in ("_state", "now")}


class Promised:
    """Compares the database with what it held when it was last looked at."""

    def __init__(self) -> None:
        self.before = Moment()
        self.dead: set[str] = set()
        """Names of killed processes."""
        self.unwanted: set[UUID] = set()
        """Jobs that were to be cancelled."""

    def check(self, actor: Actor | None = None) -> None:
        """``actor`` has done something since, or nobody, or somebody who submits."""
        now = Moment()
        for job_id, row in now.rows.items():
            log, before = now.logs[job_id], self.before.rows.get(job_id)
            self.check_row(row, log, now.written[job_id])
            if before is not None:
                fresh = log[len(self.before.logs[job_id]) :]
                assert len(fresh) <= 1, "two moves in one"
                self.check_change(before, row, fresh[0] if fresh else None, actor)
        assert self.before.rows.keys() <= now.rows.keys(), "a job was lost"
        running = Counter(row.kind for row in now.rows.values() if row.state == "running")
        assert running[Kind.TRAINING] <= 1
        self.before = now

    def check_row(self, row: Job, log: list[Transition], written: int) -> None:
        assert [line.revision for line in log] == list(range(len(log)))
        assert [line.before for line in log] == ["", *(line.after for line in log[:-1])]
        assert {(line.before, line.after) for line in log} <= MOVES
        last = log[-1]
        assert (row.state, row.revision, row.attempt) == (last.after, last.revision, last.attempt)
        assert row.attempt <= row.max_attempts
        assert (row.lease_until is not None) == (row.worker != "") == (row.state == "running")
        assert (row.due_at is not None) == (row.state == "queued")  # so that the sweeper finds it
        assert (row.finished_at is not None) == (row.state in TERMINAL)
        assert (row.error is not None) == (row.state == "failed")
        assert (row.result is not None) == (row.state == "succeeded") == (written == 1)
        assert written <= 1
        if row.state == "succeeded":
            assert row.result == {"by": last.actor}
        if row.state == "failed" and row.error["code"] == "worker_lost":
            assert row.attempt == row.max_attempts

    def check_change(self, before: Any, row: Any, move: Transition | None, actor: Actor | None) -> None:
        held = vars(actor).get("held") if actor else None
        if held is not None and held[0] == row.id and held[1] < before.revision:
            assert fields(row) == fields(before), "who has lost the lease has written"
        if move is None:
            assert row.revision == before.revision
            if before.state in TERMINAL:
                assert fields(row) == fields(before), "what had ended has changed"
            return
        assert actor is not None
        assert move.before == before.state
        assert move.actor == actor.name
        if move.after == "running":
            assert before.not_before is None or before.not_before <= row.now, "claimed too early"
            assert row.attempt == before.attempt + 1
            assert row.id not in self.unwanted, "started although it was to be cancelled"
        if move.before == "failed":
            assert (actor.name, row.attempt) == ("staff", 0)
        if move.before == "running":
            lost = before.lease_until < row.now or before.worker in self.dead
            assert before.worker == actor.name or lost, "taken from a living worker"
            assert move.after != "succeeded" or before.worker == actor.name
            if move.after == "queued":
                uncounted = "does not count" in move.reason
                assert row.attempt == before.attempt - uncounted
                assert row.id not in self.unwanted, "queued again although it was to be cancelled"
