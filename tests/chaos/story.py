"""One story: a world is built, clients submit, faults happen, the world recovers, and is audited."""

import json
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tqdm import tqdm

from tests.chaos import faults as faults_module
from tests.chaos.clients import Clients, get, numbers
from tests.chaos.faults import Fault, World, words
from tests.chaos.parts import Part, environment, manage, wait_for_web
from tests.chaos.services import Broker, PostgreSQL, RabbitMQ, Redis
from tests.stack import ROOT

LEASE = 5
"""Seconds; shorter than in service, so that a story has time for more of them."""
POOL = 40
"""Different numbers that clients draw from."""
SHOWN = 10
"""Broken promises that are shown one by one."""
REVIVAL = 0.5
"""Seconds between two looks at which part has ended."""


@dataclass(frozen=True)
class Plan:
    broker: str = "redis"
    postgres: bool = True
    jobs: int = 2_000
    faults: int = 39
    seed: int = 1
    between: float = 5.0  # seconds from the end of a fault to the next
    recovery: float = 240.0  # seconds in which everything must have ended afterwards


@dataclass
class Happened:
    """A fault, and when it began and was mended."""

    kind: str
    began: float
    ended: float


@dataclass
class Report:
    """What a story shows."""

    plan: Plan
    happened: list[Happened] = field(default_factory=list)
    accepted: int = 0
    lost: int = 0
    found: dict[str, Any] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    slowest_answer: float = 0.0
    retried: int = 0
    poisoned: int = 0
    seconds: float = 0.0

    @property
    def kept(self) -> bool:
        """Whether every promise was."""
        found = self.found
        wrong = self.lost or self.refused or found["broken"] or found["doubled"] or found["unknown"]
        return not wrong and not found["orphans"]


@contextmanager
def world(plan: Plan, folder: Path, lease: int = LEASE) -> Iterator[World]:
    """All servers and parts, running; everything is ended afterwards."""
    (folder / "broker").mkdir()
    broker: Broker = (Redis if plan.broker == "redis" else RabbitMQ)(folder / "broker")
    database = PostgreSQL(folder / "postgres") if plan.postgres else None
    own = {
        "JOB_LEASE_SECONDS": str(lease),
        "BROKER_URL" if plan.broker == "amqp" else "REDIS_URL": broker.url,
    }
    parts: list[Part] = []
    try:
        broker.start()
        if database is not None:
            database.start()
            own["DATABASE_URL"] = database.url
        env = environment(folder / "var", **own)
        (folder / "var").mkdir()
        manage(env, "migrate", "--verbosity=0")
        names = ["web 1", "web 2", "recognition 1", "recognition 2", "beat"]
        parts += [Part(name, env, folder / "parts.log") for name in names]
        for part in parts:
            part.start()
        wait_for_web(parts)
        yield World(folder, parts, broker, database, env, lease, random.Random(plan.seed), [])
    finally:
        for part in parts:
            part.thaw()
            part.kill()
        for server in (broker, database):
            end(server)


def end(server: Broker | PostgreSQL | None) -> None:
    try:
        if isinstance(server, PostgreSQL):
            server.stop()
        elif server is not None:
            server.thaw()
            server.kill()
    except (OSError, AttributeError, subprocess.CalledProcessError, AssertionError):  # it never started
        pass


@contextmanager
def revived(parts: list[Part]) -> Iterator[None]:
    """Start again whatever ends, as a service manager does."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(REVIVAL):
            for part in parts:
                part.revive()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def tell(plan: Plan, keep: bool = False) -> Report:
    """Run a story."""
    folder = Path(mkdtemp(prefix="phonereader-chaos-"))
    folder.chmod(0o755)
    report = Report(plan)
    began = time.monotonic()
    try:
        with world(plan, folder) as here, revived(here.parts):
            pool = numbers(POOL, plan.seed)
            chosen = faults_module.schedule(plan.faults, here.choose, here.database is not None)
            pace = plan.jobs / max(1.0, plan.faults * (plan.between + 4.0))
            with tqdm(total=plan.jobs, unit="job", mininterval=1.0, desc="submitted") as bar:
                sites = [part.url for part in here.parts if part.kind == "web"]
                clients = Clients(sites, pool, plan.jobs, pace, plan.seed, bar.update)
                clients.start()
                for fault in chosen:
                    report.happened.append(happen(fault, here, bar.set_postfix_str))
                    time.sleep(plan.between)
                bar.set_postfix_str("")
                clients.join()
            report.lost = recover([each.job for each in clients.accepted] + here.poison, sites, plan.recovery)
            report.accepted, report.refused = len(clients.accepted), clients.refused
            report.slowest_answer = max((each.took for each in clients.accepted), default=0.0)
            report.retried = sum(each.tries > 1 for each in clients.accepted)
            report.poisoned = len(here.poison)
            records = {
                "pool": pool,
                "accepted": {each.job: each.number for each in clients.accepted},
                "poison": here.poison,
            }
            report.found = audited(records, here, folder)
    finally:
        report.seconds = time.monotonic() - began
        if keep:
            print(f"Kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return report


def happen(fault: Fault, here: World, say: Callable[[str], object]) -> Happened:
    say(words(fault))
    began = time.time()
    fault(here)
    happened = Happened(words(fault), began, time.time())
    with (here.folder / "faults.log").open("a") as log:
        print(
            f"{datetime.fromtimestamp(began)} to {datetime.fromtimestamp(happened.ended)}: {words(fault)}",
            file=log,
        )
    return happened


def recover(jobs: list[str], sites: list[str], patience: float) -> int:
    """Ask for every job until it has ended; how many have not when patience has."""
    left = set(jobs)
    end = time.monotonic() + patience
    with tqdm(total=len(left), unit="job", desc="ended") as bar:
        while left and time.monotonic() < end:
            for job_id in list(left):
                job = get(f"{sites[len(left) % len(sites)]}/api/v1/jobs/{job_id}/")
                if job is not None and job["state"] in ("succeeded", "failed", "cancelled"):
                    left.discard(job_id)
                    bar.update()
            if left:
                time.sleep(0.5)
    return len(left)


def audited(records: dict[str, Any], here: World, folder: Path) -> dict[str, Any]:
    file = folder / "records.json"
    file.write_text(json.dumps(records))
    command = [sys.executable, "-m", "tests.chaos.audit", str(file)]
    answer = subprocess.run(
        command, cwd=ROOT, env=here.environment, check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def stalls(report: Report) -> dict[str, tuple[int, float]]:
    """By kind of fault: how often it happened, and the longest life of a job that lived through one."""
    found: dict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    lives = list(report.found["lives"].values())
    for each in report.happened:
        longest = max(
            (end - start for start, end in lives if start < each.ended and end > each.began), default=0.0
        )
        times, before = found[each.kind]
        found[each.kind] = (times + 1, max(before, longest))
    return dict(sorted(found.items()))


def table(report: Report) -> str:
    """The report as text."""
    found = report.found
    states = ", ".join(f"{count} {state}" for state, count in found["states"].items())
    lines = [
        f"{asdict(report.plan)}, {report.seconds:.0f} s",
        "",
        "| accepted | succeeded | failed | lost | doubled | orphans | unknown | poison jobs, failed |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        f"| {report.accepted} | {found['states'].get('succeeded', 0)} | {found['states'].get('failed', 0)} "
        f"| {report.lost} | {found['doubled']} | {len(found['orphans'])} | {len(found['unknown'])} "
        f"| {report.poisoned} |",
        "",
        f"Jobs: {states}; attempts {found['attempts']}. {report.retried} submissions were tried again before "
        f"they were accepted; the longest answer took {report.slowest_answer:.1f} s.",
        "",
        "| fault | times | longest life of a job that met one, s |",
        "| --- | ---: | ---: |",
        *[f"| {kind} | {times} | {longest:.1f} |" for kind, (times, longest) in stalls(report).items()],
        "",
        *(f"BROKEN: {each}" for each in [*found["orphans"], *report.refused, *found["broken"]][:SHOWN]),
        "Every promise was kept." if report.kept else "A PROMISE WAS BROKEN.",
    ]
    return "\n".join(lines)
