"""Sending what need not arrive, without making anybody wait: rings of the bell, hints that a job changed."""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

SILENCE = 10.0
"""Seconds between two warnings."""

Item = TypeVar("Item")


class Outbox(Generic[Item]):
    """Delivers in order, from a thread of its own (or several) that starts with the first item of a process.

    ``deliver`` raises whatever the transport raises; ``hang_up`` then lets go of its connection. What cannot
    be delivered is dropped, with all that waits behind it, and a warning now and then: ``without`` says what
    comes of it.
    """

    def __init__(
        self,
        name: str,
        deliver: Callable[[Item], object],
        hang_up: Callable[[], object],
        without: str,
        threads: int = 1,
    ) -> None:
        self._threads = threads
        self._warned, self._dropped = -SILENCE, 0
        self._name, self._deliver, self._hang_up, self._without = name, deliver, hang_up, without
        self._pending: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._pid = 0

    def put(self, item: Item) -> None:
        """Have the item delivered; returns at once."""
        with self._lock:
            if self._pid != os.getpid():  # first use, or first use after a fork, which takes no threads along
                self._pid = os.getpid()
                self._pending = queue.SimpleQueue()
                self._let_go()
                for _ in range(self._threads):
                    threading.Thread(target=self._run, name=self._name, daemon=True).start()
        self._pending.put(item)

    def _run(self) -> None:
        while True:
            item = self._pending.get()
            try:
                try:
                    self._deliver(item)
                except Exception:  # an idle connection that a restarted server has forgotten, perhaps
                    self._let_go()
                    self._deliver(item)
            except Exception as error:
                self._let_go()
                self._dropped += 1 + self._drop_pending()
                self._warn(error)

    def _warn(self, error: Exception) -> None:
        if time.monotonic() - self._warned < SILENCE:  # while a server is away, each item would be a line
            return
        log.warning("%s: %s (%d %s)", self._name, error, self._dropped, self._without)
        self._warned, self._dropped = time.monotonic(), 0

    def _let_go(self) -> None:
        with suppress(Exception):
            self._hang_up()

    def _drop_pending(self) -> int:
        dropped = 0
        while not self._pending.empty():
            self._pending.get()
            dropped += 1
        return dropped
