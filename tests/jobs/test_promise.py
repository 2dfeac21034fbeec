"""The promise, against everything that may happen in any order: on a real database, and never twice the same.

PROMISE_EXAMPLES=2000 explores for longer.
"""

import logging
import os
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, connections
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from phonereader.jobs import lifecycle
from phonereader.jobs.states import Kind
from tests.jobs.actors import scene
from tests.jobs.machine import CROWD, Promise

pytestmark = pytest.mark.core

EXAMPLES = int(os.environ.get("PROMISE_EXAMPLES", "50"))


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No power is cut here, so that commits need not wait for the disk, and nobody reads the logs."""
    database = connections.settings["default"]
    options = {name: value for name, value in database["OPTIONS"].items() if name != "pool"}
    if connection.vendor == "sqlite":
        options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    else:
        options["options"] = "-c synchronous_commit=off"
    monkeypatch.setitem(database, "OPTIONS", options)
    monkeypatch.setitem(database, "CONN_MAX_AGE", None)
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.timeout(420)  # a failure is made as short as it can be, which takes minutes
def test_the_promise_holds_in_any_order(transactional_db: None, fast: None) -> None:
    how = settings(max_examples=EXAMPLES, stateful_step_count=30, deadline=None, report_multiple_bugs=False)
    with scene(CROWD + 1):
        run_state_machine_as_test(Promise, settings=how)


# --- Orders of events so unlucky that chance seldom finds them --------------------------------------


def the_lease_is_renewed_while_the_sweeper_is_about_to_take_the_job(machine: Promise) -> None:
    machine.pass_time(17)
    machine.sweep(pace=1)
    machine.renew(0)
    machine.proceed(0)


def a_cancel_comes_while_the_sweeper_is_about_to_queue_the_job_again(machine: Promise) -> None:
    machine.pass_time(17)
    machine.sweep(pace=1)
    machine.cancel(0, pace=99)
    machine.proceed(0)


def it_is_rung_for_within_the_pause_after_a_second_loss(machine: Promise) -> None:
    for _ in range(2):
        machine.pass_time(17)
        machine.sweep(pace=99)
        machine.deliver(0, pace=2)


def a_worker_of_an_earlier_life_renews_and_ends(machine: Promise) -> None:
    machine.submit(Kind.RECOGNITION, attempts=1, commits=True)
    machine.deliver(1, pace=2)
    machine.pass_time(17)
    machine.sweep(pace=99)
    machine.retry(0, pace=99)
    machine.deliver(1, pace=2)
    for ghost in range(3):
        machine.renew(ghost)
    machine.work_ends(1, "expected")
    machine.proceed(0)


def one_that_is_about_to_claim_is_overtaken_by_a_whole_attempt(machine: Promise) -> None:
    machine.submit(Kind.RECOGNITION, attempts=3, commits=True)
    machine.deliver(1, pace=1)
    machine.deliver(1, pace=2)
    machine.work_ends(1, "database")
    machine.proceed(0)


@pytest.mark.parametrize(
    "story",
    [
        the_lease_is_renewed_while_the_sweeper_is_about_to_take_the_job,
        a_cancel_comes_while_the_sweeper_is_about_to_queue_the_job_again,
        it_is_rung_for_within_the_pause_after_a_second_loss,
        a_worker_of_an_earlier_life_renews_and_ends,
        one_that_is_about_to_claim_is_overtaken_by_a_whole_attempt,
    ],
)
def test_the_promise_holds_in_an_unlucky_order(
    story: Callable[[Promise], None], transactional_db: None, fast: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "pause_after", lambda attempt: 0.0 if attempt < 2 else 30.0)
    with scene(CROWD + 1):
        machine = Promise()
        try:
            machine.begin(paces=[2], jobs=2)
            story(machine)
        finally:
            machine.teardown()
