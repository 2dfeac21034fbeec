"""Waiting for jobs to change or end, for as many requests as there are, with one query a tick.

The database is the truth, so a wait needs no broker, and a worker on another machine is heard alike. Hints
that a job changed, where they come, have it looked at at once; then there is less need to look by the clock.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DatabaseError, connection

from phonereader.jobs import hints
from phonereader.jobs.models import Job
from phonereader.jobs.states import TERMINAL

log = logging.getLogger(__name__)

TICK = 0.05
HINTED_TICK = 0.5
"""Seconds between two looks at everything, without hints and with them."""
SHARE = 0.1
"""The part of its time that the watcher may spend on looking: with many jobs it looks less often."""
BATCH = 500
"""Jobs that one query asks for."""
LONGEST = 30.0
"""Seconds that one request may wait; who asks for more gets this."""

Result = TypeVar("Result")


def seconds(text: str | None) -> float:
    """The wait that a request asks for: 0 to ``LONGEST``; ValueError when it is no number of seconds."""
    if not text:
        return 0.0
    wanted = float(text)
    if not wanted >= 0:  # negative, or NaN
        raise ValueError(text)
    return min(wanted, LONGEST)


class Closing(Exception):
    """The site is about to stop: nobody is to wait any longer."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """As much of a job as tells whether it changed."""

    state: str
    revision: int
    progress: float

    @property
    def ended(self) -> bool:
        return self.state in TERMINAL


@dataclass(eq=False, slots=True)
class Watch:
    """Somebody who waits until a job is as they want it."""

    wanted: Callable[[Glimpse | None], bool]
    future: asyncio.Future[Glimpse | None]


class Watcher:
    """Watches the jobs that somebody waits for, from one task and one database thread."""

    def __init__(self) -> None:
        self._watches: dict[UUID, set[Watch]] = {}
        self._fresh: set[UUID] = set()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ear: asyncio.Task[None] | None = None
        self.hinted = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="watcher")
        self._closed = False

    async def until(
        self, job_id: UUID, wanted: Callable[[Glimpse | None], bool], timeout: float
    ) -> Glimpse | None:
        """The job once it is as ``wanted``, or None if it is gone; TimeoutError when it is not in time.

        Raises ``Closing`` as soon as the site is about to stop.
        """
        if self._closed:
            raise Closing
        watch = Watch(wanted, asyncio.get_running_loop().create_future())
        self._watches.setdefault(job_id, set()).add(watch)
        self.look_at(job_id)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        if self._ear is None or self._ear.done():
            self._ear = asyncio.create_task(hints.listen(self.look_at, self._hinted))
        try:
            return await asyncio.wait_for(watch.future, timeout)
        finally:
            self._watches[job_id].discard(watch)
            if not self._watches[job_id]:
                del self._watches[job_id]

    @property
    def watched(self) -> int:
        """How many jobs somebody waits for."""
        return len(self._watches)

    def look_at(self, job_id: UUID) -> None:
        """Have the job looked at now, if anybody waits for it."""
        if job_id in self._watches:
            self._fresh.add(job_id)
            self._woken.set()

    def close(self) -> None:
        """End every wait, and let none begin."""
        self._closed = True
        if self._ear is not None:
            self._ear.cancel()
        for watch in [watch for watches in self._watches.values() for watch in watches]:
            if not watch.future.done():
                watch.future.set_exception(Closing())

    async def in_thread(self, ask: Callable[..., Result], *arguments: Any) -> Result:
        """Run what asks the database in the watcher's thread, which keeps no connection from others."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(_and_let_go, ask, *arguments))

    @property
    def _tick(self) -> float:
        return HINTED_TICK if self.hinted else TICK

    def _hinted(self, connected: bool) -> None:
        self.hinted = connected
        self._woken.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        next_round = loop.time()
        while self._watches:
            now = loop.time()
            whole_round = now >= next_round
            ids = list(self._watches if whole_round else self._fresh)
            self._fresh.clear()
            self._woken.clear()
            try:
                seen, took = await self.in_thread(look, ids)
            except DatabaseError as error:
                log.warning("cannot look at the jobs: %s", error)
                next_round = loop.time() + 1
                await asyncio.sleep(1)
                continue
            for job_id in ids:
                self._tell(job_id, seen.get(job_id))
            if whole_round:
                next_round = loop.time() + max(self._tick, took / SHARE)
            await asyncio.sleep(min(took / SHARE, self._tick))  # hints of meanwhile are taken together
            try:
                async with asyncio.timeout_at(next_round):
                    await self._woken.wait()
            except TimeoutError:
                pass

    def _tell(self, job_id: UUID, glimpse: Glimpse | None) -> None:
        for watch in self._watches.get(job_id, ()):
            if not watch.future.done() and watch.wanted(glimpse):
                watch.future.set_result(glimpse)


def look(ids: list[UUID]) -> tuple[dict[UUID, Glimpse], float]:
    """How the jobs are now, and how many seconds it took to find out."""
    began = perf_counter()
    seen = {}
    for start in range(0, len(ids), BATCH):
        rows = Job.objects.filter(id__in=ids[start : start + BATCH]).values_list(
            "id", "state", "revision", "progress"
        )
        seen.update({row[0]: Glimpse(*row[1:]) for row in rows})
    return seen, perf_counter() - began


def _and_let_go(ask: Callable[..., Result], *arguments: Any) -> Result:
    try:
        return ask(*arguments)
    finally:
        if connection.errors_occurred or "pool" in connection.settings_dict["OPTIONS"]:
            connection.close()


watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, Watcher] = WeakKeyDictionary()


def watcher() -> Watcher:
    """The watcher of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in watchers:
        watchers[loop] = Watcher()
    return watchers[loop]


def close() -> None:
    """End all waits of the running event loop, because the site is about to stop."""
    watcher().close()


async def ended(job_id: UUID, timeout: float) -> bool:
    """Wait until the job has ended (or is gone), at most ``timeout`` seconds; whether it has."""
    try:
        await watcher().until(job_id, lambda glimpse: glimpse is None or glimpse.ended, timeout)
    except (TimeoutError, Closing):
        return False
    return True
