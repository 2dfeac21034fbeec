"""A small supervisor: runs parts as its own descendants, restarts what dies, and leaves nothing behind.

One thread and one loop: signals and the parts' output arrive as events of files. Each part is started
directly, without a shell, in a session of its own: Ctrl-C on a terminal then reaches only the
supervisor, and whatever a dead part leaves behind (a prefork child, say) is found by its process
group and killed before the part starts again.
"""

import contextlib
import ctypes
import os
import select
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

FIRST_DELAY, LONGEST_DELAY = 0.5, 15.0
"""Seconds before a restart: the first, doubled with each death that follows soon, and the longest."""

GOOD_LIFE = 5.0
"""A part that lived so many seconds starts again after ``FIRST_DELAY``."""

READY_WITHIN = 10.0
"""Seconds that the parts behind one with a ``ready`` test wait for it, once, at the start."""

STOP_WITHIN, LAST_STOP_WITHIN, GONE_WITHIN = 12.0, 3.0, 2.0
"""Seconds from TERM to KILL, the same for the parts marked ``last``, and from KILL to giving up."""

SAME_SIGNAL = 1.0
"""TERM to a whole process group comes twice, directly and through make; only a later one is a second."""

BACKLOG = 1 << 20
"""Bytes of output kept while nobody reads them; more is dropped, because no part may ever block on it."""

LONGEST_LINE = 1 << 16
COLOURS = (36, 32, 35, 34, 33)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Part:
    """A program to keep running."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    ready: Callable[[], bool] | None = None
    """The parts listed behind this one start only when it says yes."""
    last: bool = False
    """Stopped when all others are gone, because they need it to finish."""
    nice: int = 0
    fds: Sequence[int] = ()
    """File descriptors to inherit: a listening socket outlives the process that serves it."""


class Output:
    """Writes lines to one file, each with the name of its part, and never blocks on it."""

    def __init__(self, fd: int, selector: selectors.BaseSelector, names: Sequence[str]) -> None:
        self.fd, self.selector, self.names = fd, selector, list(names)
        self.width = max(len(name) for name in names)
        self.colour = os.isatty(fd) and not os.environ.get("NO_COLOR")
        self.pending: deque[bytes] = deque()
        self.size = self.dropped = 0
        self.deaf = False

    def line(self, name: str, line: bytes) -> None:
        prefix = f"{name:{self.width}} |"
        if self.colour:
            prefix = f"\x1b[{COLOURS[self.names.index(name) % len(COLOURS)]}m{prefix}\x1b[0m"
        data = prefix.encode() + b" " + line + b"\n"
        if self.deaf or self.size + len(data) > BACKLOG:
            self.dropped += 1
            return
        if self.dropped:
            data = b"(%d lines that nobody read are left out)\n" % self.dropped + data
            self.dropped = 0
        if not self.pending:
            self.selector.register(self.fd, selectors.EVENT_WRITE, self.write)
        self.pending.append(data)
        self.size += len(data)

    def write(self) -> None:
        """Write a little: when a pipe is ready, a write of at most PIPE_BUF bytes does not block."""
        chunk = self.pending.popleft()
        while self.pending and len(chunk) + len(self.pending[0]) <= select.PIPE_BUF:
            chunk += self.pending.popleft()
        try:
            written = os.write(self.fd, chunk[: select.PIPE_BUF])
        except OSError:  # the reader is gone (``make run | head``): the parts run on unheard
            self.deaf = True
            self.pending.clear()
        else:
            self.size -= written
            if written < len(chunk):
                self.pending.appendleft(chunk[written:])
        if not self.pending:
            self.selector.unregister(self.fd)


class Running:
    """A part, its present process if there is one, and when the next is due."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.due: float | None = 0.0
        self.delay = FIRST_DELAY

    def put_off(self, now: float) -> float:
        """Decide when to start again, and say in how many seconds that is."""
        delay = self.delay
        self.due, self.delay = now + delay, min(2 * delay, LONGEST_DELAY)
        return delay

    def signal(self, signum: int, group: bool = False) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                (os.killpg if group else os.kill)(self.process.pid, signum)


class Supervisor:
    """Runs the parts until TERM, INT or HUP; a second signal kills what is left at once."""

    def __init__(self, parts: Sequence[Part], before_stop: Callable[[], None] = lambda: None) -> None:
        self.running = [Running(part) for part in parts]
        self.before_stop = before_stop
        self.selector = selectors.PollSelector()
        self.output = Output(1, self.selector, [*(part.name for part in parts), "supervisor"])
        self.all_ready = False
        self.stop_since: float | None = None
        self.kill_now = False

    def run(self) -> int:
        """Supervise until told to stop; 0 when everything is gone then."""
        if libc is not None:  # orphans of dead parts become ours, so that they can be waited for
            libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        with self._signals():
            give_up = time.monotonic() + READY_WITHIN
            while self.stop_since is None:
                self._start_due(give_up)
                due = min((each.due for each in self.running if each.due is not None), default=None)
                self._wait(due if self.all_ready else time.monotonic() + 0.02)
            left = self._stop()
        self._finish_output()
        return 1 if left else 0

    # --- Starting -------------------------------------------------------------------------------

    def _start_due(self, give_up: float) -> None:
        now = time.monotonic()
        for each in self.running:
            if each.due is not None and now >= each.due:
                self._start(each)
            if not self.all_ready and each.part.ready and now < give_up and not each.part.ready():
                return
        self.all_ready = True

    def _start(self, each: Running) -> None:
        each.started, each.due = time.monotonic(), None
        parent, nice = os.getpid(), each.part.nice

        def in_child() -> None:
            # Should the supervisor be killed, the kernel kills the part: asked to stop while the others
            # stop too, it may wait for one of them for ever.
            if libc is not None:
                libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
                if os.getppid() != parent:
                    os._exit(1)
            os.nice(nice)

        try:
            each.process = subprocess.Popen(  # noqa: S603 (parts are ours)
                each.part.argv,
                env=dict(each.part.env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=each.part.fds,
                preexec_fn=in_child,  # safe: this process has one thread
            )
        except (OSError, subprocess.SubprocessError) as error:
            delay = each.put_off(each.started)
            self._say(f"{each.part.name} cannot be started ({error}); trying again in {delay:g} s")
            return
        assert each.process.stdout is not None
        self._pass_on(each.part.name, each.process.stdout.fileno(), each.process.stdout.close)

    def _pass_on(self, name: str, fd: int, close: Callable[[], None]) -> None:
        """Pass the lines that come from ``fd`` on, until its last writer is gone."""
        rest = b""
        os.set_blocking(fd, False)

        def read() -> None:
            nonlocal rest
            data = os.read(fd, LONGEST_LINE)
            *lines, rest = (rest + data).split(b"\n")
            if rest and (not data or len(rest) >= LONGEST_LINE):
                lines, rest = [*lines, rest], b""
            for line in lines:
                self.output.line(name, line)
            if not data:
                self.selector.unregister(fd)
                close()

        self.selector.register(fd, selectors.EVENT_READ, read)

    # --- Waiting --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Let signals wake the loop. A HUP that is ignored (nohup) stays so."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        self.selector.register(reader, selectors.EVENT_READ, lambda: os.read(reader, 4096))
        wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        watched = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
        before = {signum: signal.getsignal(signum) for signum in watched}
        for signum, handler in before.items():
            if signum != signal.SIGHUP or handler != signal.SIG_IGN:
                signal.signal(signum, self._on_signal)
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)
            signal.set_wakeup_fd(wakeup)
            self.selector.unregister(reader)
            os.close(reader)
            os.close(writer)

    def _on_signal(self, signum: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if signum == signal.SIGCHLD:
            return
        if self.stop_since is None:
            self.stop_since = now
        elif now - self.stop_since > SAME_SIGNAL:
            self.kill_now = True

    def _wait(self, until: float | None) -> None:
        """Sleep until something happens or it is so late, then see to output and to the dead."""
        timeout = None if until is None else max(0.0, until - time.monotonic())
        for key, _ in self.selector.select(timeout):
            key.data()
        self._reap()

    def _reap(self) -> bool:
        """Take note of the dead; true when no child is left, orphans of the parts included."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if not pid:
                return False
            for each in self.running:
                if each.process is not None and each.process.pid == pid:
                    self._died(each, each.process, os.waitstatus_to_exitcode(status))

    def _died(self, each: Running, process: subprocess.Popen[bytes], code: int) -> None:
        each.signal(signal.SIGKILL, group=True)  # what it left behind
        process.returncode, each.process = code, None
        if self.stop_since is not None:
            return
        now = time.monotonic()
        if now - each.started >= GOOD_LIFE:
            each.delay = FIRST_DELAY
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        self._say(f"{each.part.name} {how}; starting it again in {each.put_off(now):g} s")

    # --- Stopping -------------------------------------------------------------------------------

    def _stop(self) -> bool:
        """Stop the parts, those marked ``last`` when the others are gone; true when something is left."""
        self._say("stopping")
        self.before_stop()
        for last, patience in ((False, STOP_WITHIN), (True, LAST_STOP_WITHIN)):
            parts = [each for each in self.running if each.part.last is last]
            for each in parts:
                each.signal(signal.SIGTERM)
            self._wait_until_gone(parts, patience, give_in=True)
            stubborn = [each for each in parts if each.process]
            if stubborn:
                self._say(f"killing {', '.join(each.part.name for each in stubborn)}")
            for each in stubborn:
                each.signal(signal.SIGKILL, group=True)
            self._wait_until_gone(parts, GONE_WITHIN)
        deadline = time.monotonic() + GONE_WITHIN
        while not (gone := self._reap()) and time.monotonic() < deadline:
            self._wait(time.monotonic() + 0.02)
        return not gone

    def _wait_until_gone(self, parts: Sequence[Running], seconds: float, give_in: bool = False) -> None:
        """Wait so many seconds at most; less when a second signal came and ``give_in`` is set."""
        deadline = time.monotonic() + seconds
        while any(each.process for each in parts) and time.monotonic() < deadline:
            if give_in and self.kill_now:
                return
            self._wait(deadline)

    # --- Output ---------------------------------------------------------------------------------

    def _say(self, line: str) -> None:
        self.output.line("supervisor", line.encode())

    def _finish_output(self) -> None:
        """Write what is left, for as long as somebody reads it."""
        deadline = time.monotonic() + 1
        while self.selector.get_map() and time.monotonic() < deadline:
            for key, _ in self.selector.select(0.1):
                key.data()
