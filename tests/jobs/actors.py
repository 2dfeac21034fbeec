"""Actors whose steps a test decides: each is a thread that stops where another process could come between.

One runs at a time, so that what happens follows from the test's decisions alone.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

_present = threading.local()
PATIENCE = 60.0
"""Seconds before a step counts as hanging; nothing is measured by it."""


class Killed(BaseException):
    """Ends an actor where it stands, as SIGKILL ends a process: nothing else catches it."""


class Actor:
    """Runs ``do`` step by step: ``proceed`` runs it to its next pause, or to its end."""

    def __init__(self, name: str, do: Callable[["Actor"], object]) -> None:
        self.name, self.do = name, do
        self.at = "start"
        """Where it stands."""
        self.order = ""
        """What its work is to do next; for the work to read."""
        self.ended = False
        self.error: BaseException | None = None
        self._killed = False
        self._go, self._stands = threading.Event(), threading.Event()

    def proceed(self, order: str = "") -> None:
        self.order = order
        self._stands.clear()
        if self.at == "start":
            _scene.put(self)
        else:
            self._go.set()
        assert self._stands.wait(PATIENCE), f"{self.name} hangs after {self.at}"
        if self.error is not None:
            raise self.error

    def kill(self) -> None:
        if self.at != "start" and not self.ended:
            self._killed = True
            self.proceed()

    def pause(self, at: str) -> None:
        """Called by the actor: let the test decide when, and whether, it goes on."""
        self.at = at
        self._stands.set()
        self._go.wait()
        self._go.clear()
        if self._killed:
            raise Killed

    def act(self) -> None:
        _present.actor = self
        try:
            self.do(self)
        except Killed:
            pass
        except BaseException as error:  # shown to the test, in its own thread
            self.error = error
        finally:
            _present.actor = None
            self.ended = True
            self._stands.set()


def pause(at: str) -> None:
    """Pause the actor that runs this, unless it is within a transaction, or no actor."""
    actor: Actor | None = getattr(_present, "actor", None)
    if actor is not None and not connection.in_atomic_block:
        actor.pause(at)


_scene: "queue.SimpleQueue[Actor | None]" = queue.SimpleQueue()


@contextmanager
def scene(size: int) -> Iterator[None]:
    """So many threads, each with its connection, for as many actors at a time."""

    def run() -> None:
        try:
            while (actor := _scene.get()) is not None:
                actor.act()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, daemon=True) for _ in range(size)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for _ in threads:
            _scene.put(None)
        for thread in threads:
            thread.join(PATIENCE)
