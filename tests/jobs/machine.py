"""A machine that lets clients, workers, the sweeper, staff and a broker act on the job core in any order.

One step at a time: each stops where another process could come between it and the row (after it has read,
before it writes, while it works, before it publishes) and goes on, or dies there, when the machine says so.
No time passes by itself; the machine moves the clock.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from phonereader.jobs import bell, lease, lifecycle, runner, sweeper, worker
from phonereader.jobs.models import Job, Transition, WorkerProcess
from phonereader.jobs.states import Kind
from tests.jobs.actors import Actor, pause
from tests.jobs.promised import TERMINAL, Moment, Promised
from tests.jobs.props import Broker, Work

CROWD = 5
"""Actors at a time, with one or two jobs: they are to be in each other's way."""

WHICH = st.integers(0, 99)
PACE = st.sampled_from([1, 2, 99])
"""To how many pauses an actor goes on in one go: often to one where others come between."""
DOINGS = ["deliver", "sweep", "cancel", "retry", "end", "renew", "time"]
ORDERS = ["finish", "finish unheeding", "expected", "bug", "database", "stop"]


class Promise(RuleBasedStateMachine):
    """Rules are what people and machines do. After each, what has become of every job is checked."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.broker = Broker()
        self.actors: list[Actor] = []
        self.names = 0

    @initialize(paces=st.lists(st.integers(1, 2), min_size=1, max_size=3), jobs=st.sampled_from([1, 1, 2]))
    def begin(self, paces: list[int], jobs: int) -> None:
        """With a job, and so many workers that are about to claim it, or work on it."""
        for model in (Transition, Job, WorkerProcess):
            model.objects.all().delete()
        change = lifecycle.transition

        def paused(job: Job, *args: Any, **changes: Any) -> bool:
            pause("before it writes")
            return change(job, *args, **changes)

        self.patch.setattr(lifecycle, "transition", paused)
        self.patch.setattr(bell, "send", self.broker.send)
        self.patch.setattr(sweeper, "send", self.broker.send)
        self.patch.setattr(lease, "TICK", 3600)  # the machine says when a lease's thread looks
        self.patch.setitem(worker._parent, "name", "machine")
        self.patch.setattr(worker, "gone", lambda name: name in self.promised.dead)
        self.promised, self.jobs = Promised(), jobs
        self.submit(Kind.RECOGNITION, 3, commits=True)
        for pace in paces:
            self.deliver(0, pace)

    # --- Clients and staff ------------------------------------------------------------------------

    @precondition(lambda self: len(self.living()) < self.jobs)
    @rule(
        kind=st.sampled_from([Kind.RECOGNITION, Kind.TRAINING]),
        attempts=st.integers(1, 3),
        commits=st.sampled_from([True, True, True, False]),
    )
    def submit(self, kind: Kind, attempts: int, commits: bool) -> None:
        """Where it does not commit there is no job, and no ring."""
        heard = len(self.broker.messages)
        with transaction.atomic():
            job = lifecycle.create(kind, max_attempts=attempts)
            bell.ring_on_commit(job.id, kind)
            transaction.set_rollback(not commits)
        self.check()
        assert (job.id in self.promised.before.rows) == commits
        assert len(self.broker.messages) == heard + (commits and not self.broker.silent)

    @precondition(lambda self: self.possible("cancel"))
    @rule(which=WHICH, pace=PACE)
    def cancel(self, which: int, pace: int) -> None:
        self.enter(self.canceller(which), pace)

    def canceller(self, which: int) -> Actor:
        def cancel(actor: Actor, job: Job) -> None:
            if not lifecycle.cancel(job, actor.name).ended:
                self.promised.unwanted.add(job.id)

        return self.person("client", self.living(), which, cancel)

    @precondition(lambda self: self.possible("retry"))
    @rule(which=WHICH, pace=PACE)
    def retry(self, which: int, pace: int) -> None:
        self.enter(self.retrier(which), pace)

    def retrier(self, which: int) -> Actor:
        def retry(actor: Actor, job: Job) -> None:
            if lifecycle.retry(job, actor.name):
                self.promised.unwanted.discard(job.id)

        return self.person("staff", self.failed(), which, retry)

    def person(self, name: str, ids: list[UUID], which: int, do: Callable[[Actor, Job], None]) -> Actor:
        def act(actor: Actor) -> None:
            job = Job.objects.get(id=ids[which % len(ids)])
            actor.pause("before it asks")
            do(actor, job)

        return Actor(name, act)

    def living(self) -> list[UUID]:
        return [job_id for job_id, row in self.promised.before.rows.items() if row.state not in TERMINAL]

    def failed(self) -> list[UUID]:
        return [job_id for job_id, row in self.promised.before.rows.items() if row.state == "failed"]

    # --- Broker -----------------------------------------------------------------------------------

    @rule()
    def broker_falls_silent_or_speaks(self) -> None:
        self.broker.silent = not self.broker.silent

    @precondition(lambda self: self.possible("deliver"))
    @rule(which=WHICH, pace=st.integers(1, 2))
    def deliver(self, which: int, pace: int) -> None:
        self.enter(self.worker(self.message(which)), pace)

    def message(self, which: int) -> str:
        """Mostly one that is not in vain."""
        living = [id_ for id_ in self.broker.messages if UUID(id_) in self.living()]
        return living[which % len(living)]

    # --- Workers and the sweeper --------------------------------------------------------------------

    def worker(self, job_id: str) -> Actor:
        self.names += 1
        name = f"machine/{self.names}"
        return Actor(name, lambda actor: runner.run(UUID(job_id), Work(actor), name))

    @precondition(lambda self: self.possible("sweep"))
    @rule(pace=PACE)
    def sweep(self, pace: int) -> None:
        self.enter(Actor("sweeper", lambda actor: sweeper.sweep(actor.name)), pace)

    @precondition(lambda self: self.room() and self.promised.dead)
    @rule(pace=PACE)
    def a_worker_starts(self, pace: int) -> None:
        """It looks after what the dead of its machine have left behind."""
        name = worker.process_name()
        self.enter(Actor(name, lambda actor: worker.recover_from_the_dead()), pace)

    @precondition(lambda self: self.possible("end"))
    @rule(which=WHICH, order=st.sampled_from(ORDERS))
    def work_ends(self, which: int, order: str) -> None:
        self.step(self.at_work()[which % len(self.at_work())], order)

    @precondition(lambda self: self.elsewhere())
    @rule(which=WHICH)
    def proceed(self, which: int) -> None:
        self.step(self.elsewhere()[which % len(self.elsewhere())])

    @precondition(lambda self: self.possible("renew"))
    @rule(which=WHICH)
    def renew(self, which: int) -> None:
        """What the thread of a lease does several times before it would run out."""
        actor = self.at_work()[which % len(self.at_work())]
        lease: Any = vars(actor)["lease"]
        lease._renewed = float("-inf")
        lease._stop = lease._stop or lease._keep()
        self.check(actor)

    @precondition(lambda self: self.actors)
    @rule(which=WHICH)
    def kill(self, which: int) -> None:
        actor = self.actors.pop(which % len(self.actors))
        actor.kill()
        self.promised.dead.add(actor.name)
        self.check(actor)

    @precondition(lambda self: self.possible("time"))
    @rule(seconds=st.sampled_from([2.3, 6.1, 17, 17, 61]))
    def time_passes(self, seconds: float) -> None:
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        past = timedelta(seconds=seconds)
        columns = ("lease_until", "due_at", "not_before")
        Job.objects.update(**{column: F(column) - past for column in columns})
        self.promised.before = Moment()

    # --- One within another -------------------------------------------------------------------------

    @precondition(lambda self: self.doings())
    @rule(
        slow=WHICH, others=st.lists(WHICH, min_size=1, max_size=4), which=WHICH, order=st.sampled_from(ORDERS)
    )
    def overtake(self, slow: int, others: list[int], which: int, order: str) -> None:
        """Between what one has read and what it writes, others do something from beginning to end."""
        actor = self.start(slow, which, order)
        for other in others:
            faster = self.start(other, which, order)
            while faster in self.elsewhere() and faster is not actor:
                self.step(faster)
        if actor in self.actors:
            self.step(actor, order)

    def start(self, what: int, which: int, order: str) -> Actor | None:
        """Have somebody do one of the things to be done, as far as to its next pause."""
        if not self.doings():
            return None
        match self.doings()[what % len(self.doings())]:
            case "deliver":
                actor = self.worker(self.message(which))
            case "sweep":
                actor = Actor("sweeper", lambda actor: sweeper.sweep(actor.name))
            case "cancel":
                actor = self.canceller(which)
            case "retry":
                actor = self.retrier(which)
            case "end":
                actor = self.at_work()[which % len(self.at_work())]
                self.step(actor, order)
                return actor
            case "renew":
                return self.renew(which)
            case _:
                return self.pass_time(17)
        self.enter(actor, 1)
        return actor

    def doings(self) -> list[str]:
        return [what for what in DOINGS if self.possible(what)]

    def possible(self, what: str) -> bool:
        """Whether somebody can do this, and it would not come to nothing."""
        rows = [self.promised.before.rows[job_id] for job_id in self.living()]
        queued = [str(row.id) for row in rows if row.state == "queued"]
        due = [row for row in rows if (row.due_at or row.lease_until) < row.now]
        match what:
            case "end" | "renew":
                return bool(self.at_work())
            case "time":
                return bool(rows) and not due
            case "deliver":
                return self.room() and any(job_id in queued for job_id in self.broker.messages)
            case "sweep":
                return self.room() and bool(due)
            case "cancel":
                return self.room() and bool(rows)
            case _:
                return self.room() and bool(self.failed())

    def room(self) -> bool:
        return len(self.actors) < CROWD

    def at_work(self) -> list[Actor]:
        return [actor for actor in self.actors if actor.at == "at work"]

    def elsewhere(self) -> list[Actor]:
        return [actor for actor in self.actors if actor.at != "at work"]

    def enter(self, actor: Actor, pace: int) -> None:
        self.actors.append(actor)
        self.step(actor, "finish", pace)

    def check(self, actor: Actor | None = None) -> None:
        if actor is None or actor.name == "staff":  # they ring
            self.broker.hear()
        self.promised.check(actor)

    def step(self, actor: Actor, order: str = "finish", pace: int = 1) -> None:
        """Let the actor go on as far as ``pace`` pauses; it heeds the order when it is at work."""
        for _ in range(pace):
            actor.proceed(order)
            if actor.ended:
                self.actors.remove(actor)
            self.check(actor)
            if actor.ended:
                return

    # --- In the end ---------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if hasattr(self, "promised"):
                self.broker.silent = False
                self.drain()  # with everybody who stands somewhere frozen
                while self.actors:
                    self.step(self.actors[0], "finish unheeding")
                self.drain()
        finally:
            for actor in self.actors:
                actor.kill()
            self.patch.undo()

    def drain(self) -> None:
        """The sweeper and a worker at last find every job that has not ended; no ring is needed."""
        for _ in range(12):
            if all(row.state in TERMINAL for row in self.promised.before.rows.values()):
                return
            self.broker.messages.clear()
            self.pass_time(61)
            self.run_through(Actor("sweeper", lambda actor: sweeper.sweep(actor.name)))
            for job_id in self.broker.messages:
                self.run_through(self.worker(job_id))
        raise AssertionError("a job never ends")

    def run_through(self, actor: Actor) -> None:
        while not actor.ended:
            actor.proceed("finish")
            self.check(actor)
