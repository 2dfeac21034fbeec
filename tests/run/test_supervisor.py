"""The supervisor, with parts that are small scripts: it restarts, passes output on, and leaves nothing."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.stack, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

MAIN = """
import json, sys
from phonereader.supervisor import Part, Supervisor
from pathlib import Path

parts = []
for part in json.loads(sys.argv[1]):
    after = part.pop("ready_file", None)
    ready = Path(after).exists if after else None
    parts.append(Part(ready=ready, **part))
sys.exit(Supervisor(parts).run())
"""

SLEEP = "import time; time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def script(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]


def runs(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Stage:
    """A supervisor in a process of its own, its output in a file, and the pids that its parts noted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.log.touch()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *parts: dict[str, object], command: list[str] | None = None) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command or script(MAIN, json.dumps(parts)),
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=Path(__file__).parents[2],
                start_new_session=True,
            )
        return self.process

    def part(self, name: str, code: str = SLEEP, first: str = "", **more: object) -> dict[str, object]:
        """A part that does ``first``, notes its pid in the file ``name``, and does ``code``, in each life."""
        note = "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n')"
        lines = "\n".join(map(textwrap.dedent, (first, note, code)))
        return {"name": name, "argv": script(lines, self.folder / name), **more}

    def pids(self, name: str) -> list[int]:
        path = self.folder / name
        return [int(line) for line in path.read_text().splitlines()] if path.exists() else []

    def lives(self, name: str, times: int = 1) -> int:
        """Wait for the part's so-many-th life; its pid."""
        self.eventually(lambda: len(self.pids(name)) >= times, f"{name} started {times} times")
        return self.pids(name)[times - 1]

    def eventually(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{self.text()}"
            time.sleep(0.02)

    def text(self) -> str:
        return self.log.read_text()

    def stop(self, signum: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(signum)
        return self.process.wait(30)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    if stage.process is not None and stage.process.poll() is None:
        stage.process.kill()
        stage.process.wait()


def test_restarts_what_was_killed_and_waits_longer_each_time(stage: Stage) -> None:
    stage.start(stage.part("a"), stage.part("b"))
    for life in (1, 2, 3):
        os.kill(stage.lives("a", life), signal.SIGKILL)
    stage.lives("a", 4)
    assert len(stage.pids("b")) == 1, "a death concerns nobody else"
    assert stage.stop() == 0
    for delay in ("0.5", "1", "2"):
        assert f"a was killed by SIGKILL; starting it again in {delay} s" in stage.text()


def test_backoff_begins_anew_after_a_good_life(stage: Stage) -> None:
    main = script(
        "from phonereader import supervisor; supervisor.GOOD_LIFE = 0.2\n" + MAIN,
        json.dumps([stage.part("a", "import time; time.sleep(0.4); sys.exit(3)")]),
    )
    stage.start(command=main)
    stage.lives("a", 4)
    stage.stop()
    assert stage.text().count("a ended with code 3; starting it again in 0.5 s") >= 3


def test_term_stops_everything(stage: Stage) -> None:
    stage.start(stage.part("a"), stage.part("b"))
    pids = [stage.lives("a"), stage.lives("b")]
    assert stage.stop(signal.SIGTERM) == 0
    assert not any(map(runs, pids))


def test_a_part_that_ignores_term_is_killed(stage: Stage) -> None:
    stage.start(stage.part("polite"), stage.part("deaf", first=DEAF))
    pids = [stage.lives("polite"), stage.lives("deaf")]
    began = time.monotonic()
    assert stage.stop() == 0
    assert time.monotonic() - began < 20, "the promise of DESIGN section 7"
    assert not any(map(runs, pids))
    assert "killing deaf" in stage.text()


def test_a_second_signal_kills_at_once(stage: Stage) -> None:
    stage.start(stage.part("deaf", first=DEAF))
    pid = stage.lives("deaf")
    assert stage.process is not None
    stage.process.send_signal(signal.SIGINT)
    stage.process.send_signal(signal.SIGTERM)  # at the same moment: no second wish
    time.sleep(1.5)
    assert runs(pid)
    began = time.monotonic()
    assert stage.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 8
    assert not runs(pid)


def test_the_last_part_is_stopped_when_the_others_are_gone(stage: Stage) -> None:
    slow = """
        import signal, sys, time
        def leave(*_):
            time.sleep({pause})
            print("gone", flush=True)
            sys.exit()
        signal.signal(signal.SIGTERM, leave)
    """
    stage.start(
        stage.part("store", first=slow.format(pause=0), last=True),
        stage.part("user", first=slow.format(pause=0.5)),
    )
    stage.lives("store"), stage.lives("user")
    assert stage.stop() == 0
    assert stage.text().index("user       | gone") < stage.text().index("store      | gone")


def test_what_a_dead_part_leaves_behind_is_killed_before_its_next_life(stage: Stage) -> None:
    parent = """
        import subprocess, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open(sys.argv[1] + ".child", "a").write(f"{child.pid}\\n")
        time.sleep(600)
    """
    stage.start(stage.part("a", parent))
    first_child = stage.lives("a.child")
    os.kill(stage.lives("a"), signal.SIGKILL)
    second_child = stage.lives("a.child", 2)
    assert not runs(first_child)
    assert stage.stop() == 0
    assert not runs(second_child)


def test_nothing_survives_a_killed_supervisor(stage: Stage) -> None:
    stage.start(stage.part("a"), stage.part("b"))
    pids = [stage.lives("a"), stage.lives("b")]
    assert stage.stop(signal.SIGKILL) == -signal.SIGKILL
    stage.eventually(lambda: not any(map(runs, pids)), "the parts ended")


def test_every_line_carries_its_part(stage: Stage) -> None:
    talk = """
        import time
        print("one", flush=True)
        print("two", file=sys.stderr)
        print("x" * 200_000 + "end", flush=True)
        time.sleep(600)
    """
    stage.start(stage.part("a", talk))
    stage.eventually(lambda: "end" in stage.text(), "all lines passed on")
    stage.stop()
    assert "a          | one\n" in stage.text()
    assert "a          | two\n" in stage.text()
    assert all(" | " in line for line in stage.text().splitlines())


def test_output_that_nobody_reads_blocks_nothing(stage: Stage) -> None:
    chatty = """
        import itertools, pathlib
        for n in itertools.count():
            print("chatter" * 20, flush=True)
            if n == 40_000:
                pathlib.Path(sys.argv[1] + ".done").touch()
    """
    process = subprocess.Popen(
        script(MAIN, json.dumps([stage.part("chatty", chatty)])),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    stage.process = process
    stage.eventually((stage.folder / "chatty.done").exists, "the part was never blocked")
    process.terminate()
    assert process.wait(30) == 0
    assert process.stdout is not None
    process.stdout.close()


def test_a_program_that_is_missing_is_one_line_and_tried_again(stage: Stage) -> None:
    stage.start({"name": "ghost", "argv": ["/nowhere/ghost"]}, stage.part("a"))
    stage.lives("a")
    stage.eventually(lambda: stage.text().count("ghost cannot be started") >= 2, "a second try")
    assert "Traceback" not in stage.text()
    assert stage.stop() == 0


def test_parts_wait_for_the_one_before_to_be_ready_but_only_once(stage: Stage) -> None:
    ready = stage.folder / "ready"
    stage.start(stage.part("store", ready_file=str(ready)), stage.part("user"))
    stage.lives("store")
    time.sleep(0.5)
    assert not stage.pids("user")
    ready.touch()
    stage.lives("user")
    ready.unlink()
    os.kill(stage.lives("store"), signal.SIGKILL)
    stage.lives("store", 2)
    os.kill(stage.lives("user"), signal.SIGKILL)
    stage.lives("user", 2)
    assert stage.stop() == 0
