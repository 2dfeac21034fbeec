"""What can go wrong, each kind as one function that makes it happen and mends it again."""

import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.chaos.parts import Part, manage
from tests.chaos.services import Broker, PostgreSQL


@dataclass
class World:
    """Everything that a fault may touch."""

    folder: Path
    parts: list[Part]
    broker: Broker
    database: PostgreSQL | None
    environment: dict[str, str]
    lease: float
    choose: random.Random
    poison: list[str]

    def one(self, kind: str) -> Part:
        return self.choose.choice([part for part in self.parts if part.kind == kind])


Fault = Callable[[World], None]


def kill_a_worker(world: World) -> None:
    world.one("recognition").kill()


def kill_a_child_of_a_worker(world: World) -> None:
    children = world.one("recognition").everything()[1:]
    if children:
        with suppress(psutil.NoSuchProcess):
            world.choose.choice(children).send_signal(signal.SIGKILL)


def freeze_a_worker_beyond_its_lease(world: World) -> None:
    part = world.one("recognition")
    part.freeze()
    time.sleep(world.lease * world.choose.uniform(1.5, 2.5))
    part.thaw()


def stop_a_worker_in_order(world: World) -> None:
    world.one("recognition").stop()


def kill_a_site(world: World) -> None:
    world.one("web").kill()


def freeze_a_site(world: World) -> None:
    part = world.one("web")
    part.freeze()
    time.sleep(world.choose.uniform(1, 4))
    part.thaw()


def stop_a_site_in_order(world: World) -> None:
    world.one("web").stop()


def kill_beat(world: World) -> None:
    world.one("beat").kill()


def kill_the_broker(world: World) -> None:
    """It comes back with what it had on disk, or with nothing."""
    world.broker.kill()
    time.sleep(world.choose.uniform(0.5, 3))
    if world.choose.random() < 0.5:
        world.broker.forget()
    world.broker.start()


def freeze_the_broker(world: World) -> None:
    world.broker.freeze()
    time.sleep(world.choose.uniform(3, 8))
    world.broker.thaw()


def empty_the_broker(world: World) -> None:
    """FLUSHALL, or a purge of the queues."""
    world.broker.empty()


def restart_the_database(world: World) -> None:
    assert world.database is not None
    world.database.restart()


def poison_job(world: World) -> None:
    """A job that kills each worker that takes it."""
    world.poison.append(manage(world.environment, "trouble", "poison").strip())


ALWAYS: list[Fault] = [
    kill_a_worker,
    kill_a_child_of_a_worker,
    freeze_a_worker_beyond_its_lease,
    stop_a_worker_in_order,
    kill_a_site,
    freeze_a_site,
    stop_a_site_in_order,
    kill_beat,
    kill_the_broker,
    freeze_the_broker,
    empty_the_broker,
    poison_job,
]


def schedule(count: int, choose: random.Random, with_database: bool) -> list[Fault]:
    """So many faults in random order, each kind about as often as every other."""
    kinds = [*ALWAYS, *([restart_the_database] if with_database else [])]
    faults = [kinds[number % len(kinds)] for number in range(count)]
    choose.shuffle(faults)
    return faults


def words(fault: Fault) -> str:
    return fault.__name__.replace("_", " ")
