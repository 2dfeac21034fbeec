"""Waiting for jobs to end, for as many requests as there are, with one query a tick.

The database is the truth, so a wait needs no broker, and a worker on another machine is heard alike.
"""

import asyncio
import logging
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DatabaseError, connection

from phonereader.jobs.models import Job
from phonereader.jobs.states import TERMINAL

log = logging.getLogger(__name__)

TICK = 0.05
LONGEST = 30.0
"""Seconds that one request may wait; who asks for more gets this."""


def seconds(text: str | None) -> float:
    """The wait that a request asks for: 0 to ``LONGEST``; ValueError when it is no number of seconds."""
    if not text:
        return 0.0
    wanted = float(text)
    if not wanted >= 0:  # negative, or NaN
        raise ValueError(text)
    return min(wanted, LONGEST)


class Watcher:
    """Watches the jobs that somebody waits for, from one task and one database thread."""

    def __init__(self) -> None:
        self._waiting: defaultdict[UUID, set[asyncio.Future[None]]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="watcher")

    async def ended(self, job_id: UUID, timeout: float) -> bool:
        """Whether the job ended (or is gone) within ``timeout`` seconds."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[job_id].add(future)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            await asyncio.wait_for(future, timeout)
        except TimeoutError:
            return False
        else:
            return True
        finally:
            self._waiting[job_id].discard(future)
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            try:
                open_ids = await loop.run_in_executor(self._thread, _still_open, list(self._waiting))
            except DatabaseError as error:
                log.warning("cannot look at the jobs: %s", error)
                await asyncio.sleep(1)
                continue
            for job_id in [job_id for job_id in self._waiting if job_id not in open_ids]:
                for future in self._waiting[job_id]:
                    if not future.done():
                        future.set_result(None)
            await asyncio.sleep(TICK)


def _still_open(ids: list[UUID]) -> set[UUID]:
    try:
        return set(Job.objects.filter(id__in=ids).exclude(state__in=TERMINAL).values_list("id", flat=True))
    finally:
        if connection.errors_occurred or "pool" in connection.settings_dict["OPTIONS"]:
            connection.close()


_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, Watcher] = WeakKeyDictionary()


async def ended(job_id: UUID, timeout: float) -> bool:
    """Wait until the job has ended, at most ``timeout`` seconds; whether it has."""
    watcher = _watchers.setdefault(asyncio.get_running_loop(), Watcher())
    return await watcher.ended(job_id, timeout)
