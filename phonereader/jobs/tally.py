"""What has become of all jobs ever, counted from the log of their transitions; see docs/decisions/metrics.md.

The sweeper adds what is new in the log every few seconds to one row. So working on a job costs nothing
more, counts survive any process, and each web process shows the same ones.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Now

from phonereader.jobs.models import Tally, Transition
from phonereader.jobs.states import State

LAG = timedelta(seconds=5)
"""Lines of the log are counted at this age: an earlier one whose transaction still ran is there by then."""
BATCH, BATCHES = 2000, 10
"""Lines that are read at once, and how often that is done in one run."""
WAITED = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
RAN = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600, 3600, 14400)
"""Upper bounds, in seconds, of the histograms' buckets."""
MINUTES = 10
"""Minutes kept one by one, the last in which anything ended: how fast jobs go now."""
NO_SIGN = "no sign of"
"""What the reason of a transition says, and no other, when a lease has run out."""

Counts = dict[str, dict[str, float]]


def fold() -> int:
    """Count what is new in the log; how many lines that were. Of two who do it at once, one wins."""
    done = 0
    for _batch in range(BATCHES):
        tally, _created = Tally.objects.get_or_create(id=1)
        lines = ripe(tally.upto)
        if not lines:
            break
        count(tally.counts, lines)
        forget_old_minutes(tally.counts)
        mine = Tally.objects.filter(id=1, upto=tally.upto)
        if not mine.update(upto=lines[-1]["id"], counts=tally.counts):
            break
        done += len(lines)
    return done


def ripe(upto: int) -> list[Mapping[str, Any]]:
    """The next lines of the log in the order of their numbers, up to the first that is too young."""
    previous = Transition.objects.filter(job=OuterRef("job"), revision=OuterRef("revision") - 1)
    lines = (
        Transition.objects.filter(id__gt=upto)
        .order_by("id")
        .annotate(now=Now(), since=Subquery(previous.values("at")[:1]), kind=F("job__kind"))
        .values("id", "kind", "before", "after", "reason", "at", "since", "now")[:BATCH]
    )
    found: list[Mapping[str, Any]] = []
    for line in lines:
        if line["now"] - line["at"] < LAG:
            break
        found.append(line)
    return found


def count(counts: Counts, lines: Iterable[Mapping[str, Any]]) -> None:
    """Add lines of the log to the counts, whose names are made of words."""
    for line in lines:
        kind, before, after = line["kind"], line["before"], line["after"]
        add(counts, "moves", f"{kind} {before or 'new'} {after}")
        if before == State.RUNNING and NO_SIGN in line["reason"]:
            add(counts, "expired", kind)
        if line["since"] is None:
            continue
        seconds = max(0.0, (line["at"] - line["since"]).total_seconds())
        if after == State.RUNNING:
            observe(counts, f"waited {kind}", WAITED, seconds)
        if before == State.RUNNING:
            observe(counts, f"ran {kind} {after}", RAN, seconds)
        if before == State.RUNNING and after in (State.SUCCEEDED, State.FAILED):
            minute = f"{line['at']:%Y-%m-%dT%H:%M}"
            add(counts, f"ended by minute {kind}", minute)
            add(counts, f"spent by minute {kind}", minute, seconds)


def add(counts: Counts, table: str, name: str, value: float = 1) -> None:
    row = counts.setdefault(table, {})
    row[name] = row.get(name, 0) + value


def observe(counts: Counts, table: str, bounds: tuple[float, ...], seconds: float) -> None:
    place = bisect_left(bounds, seconds)
    add(counts, table, str(float(bounds[place])) if place < len(bounds) else "+Inf")
    add(counts, table, "sum", seconds)


def forget_old_minutes(counts: Counts) -> None:
    for name, row in counts.items():
        if " by minute " in name:
            counts[name] = {minute: row[minute] for minute in sorted(row)[-MINUTES:]}


# --- Reading it -----------------------------------------------------------------------------------


def counts() -> Counts:
    """All that was counted so far."""
    return Tally.objects.filter(id=1).values_list("counts", flat=True).first() or {}


def moves(counts: Counts) -> Counter[tuple[str, str, str]]:
    """How many jobs of which kind went from which state ("new" at first) to which."""
    found: Counter[tuple[str, str, str]] = Counter()
    for name, value in counts.get("moves", {}).items():
        kind, before, after = name.split()
        found[kind, before, after] = int(value)
    return found


def histogram(counts: Counts, table: str, bounds: tuple[float, ...]) -> tuple[list[tuple[str, float]], float]:
    """Cumulated buckets by upper bound, those that an earlier version of the program used too; their sum."""
    row = dict(counts.get(table, {}))
    total = row.pop("sum", 0.0)
    every = sorted({*map(float, row), *map(float, bounds), float("inf")})
    buckets, cumulated = [], 0.0
    for bound in every:
        name = "+Inf" if bound == float("inf") else str(bound)
        cumulated += row.get(name, 0)
        buckets.append((name, cumulated))
    return buckets, total


def ended_per_minute(counts: Counts, kind: str, now: datetime) -> float:
    """How many jobs end a minute, since the fifth full minute before now."""
    since = now.replace(second=0, microsecond=0) - timedelta(minutes=5)
    row = counts.get(f"ended by minute {kind}", {})
    ended = sum(number for minute, number in row.items() if minute >= f"{since:%Y-%m-%dT%H:%M}")
    return ended * 60 / (now - since).total_seconds()


def seconds_a_job(counts: Counts, kind: str) -> float | None:
    """How long a job lately took its worker; None when none has ended yet."""
    ended = sum(counts.get(f"ended by minute {kind}", {}).values())
    return sum(counts.get(f"spent by minute {kind}", {}).values()) / ended if ended else None
