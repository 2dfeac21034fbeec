"""The results of `make bench-reading` as Markdown: bars and goals first, then everything behind them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.judge import SetFigures
from bench.numbers import NumberAnswer, NumberFigures
from bench.speed import Speed
from training.unseen import MNIST, PAPER, PENS


@dataclass(frozen=True)
class Aim:
    """A figure beside its first bar and its goal (None: there is none); `unit` is "%" or "ms"."""

    what: str
    value: float
    bar: float
    goal: float | None
    unit: str = "%"
    least: bool = False  # smaller is better

    def reached(self, wanted: float) -> bool:
        return self.value <= wanted if self.least else self.value >= wanted


def aims(
    sets: dict[str, SetFigures],
    pooled: SetFigures | None,
    numbers: dict[str, NumberFigures],
    speed: dict[str, Speed],
) -> list[Aim]:
    """The bars and goals for reading, of what was measured. `pooled`: 50 px pens and paper together."""
    found = []
    if MNIST in sets:
        found.append(Aim("MNIST (this one network)", sets[MNIST].right, 0.9960, 0.9975))
    if PENS in sets:
        found.append(Aim("digits, pens in 50x50 with a 4 px brush", sets[PENS].right, 0.983, 0.992))
    if PAPER in sets:
        found.append(Aim("digits, scans on paper", sets[PAPER].right, 0.990, 0.995))
    if PENS in numbers:
        found.append(Aim("whole numbers, pens in 50x50 with a 4 px brush", numbers[PENS].right, 0.85, 0.95))
    if pooled is not None:
        found.append(Aim("calibration error (ECE, 15 bins)", pooled.ece, 0.015, 0.005, least=True))
        found.append(Aim("wrong among the surest 95 %", pooled.wrong_at_95, 0.003, 0.001, least=True))
        found.append(Aim("real digits refused", pooled.refused, 0.01, None, least=True))
    if speed:
        slowest = max(speed, key=lambda kind: speed[kind].read)
        found.append(
            Aim(f"one number, one core ({slowest}, the slowest)", speed[slowest].read, 5, 2, "ms", True)
        )
    return found


def document(
    heading: Sequence[str],
    sets: dict[str, SetFigures],
    pooled: SetFigures | None,
    numbers: dict[str, NumberFigures],
    read: dict[str, list[NumberAnswer]],
    speed: dict[str, Speed],
) -> str:
    """All tables. What depends on the machine and the moment is in the last two only."""
    lines = ["# How well it reads", "", *heading, "", "## Bars and goals", ""]
    rows = [_aim_row(aim) for aim in aims(sets, pooled, numbers, speed)]
    lines += _table(["what", "measured", "first bar", "", "goal", ""], rows)
    lines += ["", "## Digits", ""]
    every = {**sets, **({} if pooled is None else {f"{PENS} and {PAPER}, together": pooled})}
    lines += _table(
        [
            "digits of", "count", "writers", "read right", "95 % (Wilson)", "95 % (writers)",
            "best guess right", "refused", "ECE", "wrong in surest 95 %", "coverage at 0.3 % wrong",
            "at 0.1 % wrong",
        ],
        [_set_row(name, row) for name, row in every.items()],
    )  # fmt: skip
    if numbers:
        lines += ["", "## Whole numbers of 11 digits", ""]
        lines += _table(
            [
                "numbers in digits of", "count", "all read right", "95 % (Wilson)", "95 % (writers)",
                "mean confidence", "ECE", "no valid number", "of these suggested", "of these right",
                "right with suggestions",
            ],
            [_number_row(name, row) for name, row in numbers.items()],
        )  # fmt: skip
    if speed:
        lines += ["", "## Time for one number, one core, medians", ""]
        rows = [
            [kind, f"{row.read:.2f} ms", f"{row.forward:.2f} ms", f"{row.ratio:.1f}"]
            for kind, row in speed.items()
        ]
        lines += _table(["11 boxes as", "ink to digits", "forward pass alone", "ratio"], rows)
    if read:
        lines += ["", "From the digits to the number (validity and suggestion):", ""]
        lines += _table(
            ["", "median", "95 % within", "longest"], [_seconds_row(*one) for one in read.items()]
        )
    return "\n".join([*lines, ""])


def _aim_row(aim: Aim) -> list[str]:
    def say(value: float) -> str:
        return f"{value:.2f} ms" if aim.unit == "ms" else f"{value:.2%}"

    marks = [
        "" if each is None else "reached" if aim.reached(each) else "**no**" for each in (aim.bar, aim.goal)
    ]
    goal = "" if aim.goal is None else say(aim.goal)
    return [aim.what, say(aim.value), say(aim.bar), marks[0], goal, marks[1]]


def _set_row(name: str, row: SetFigures) -> list[str]:
    known = row.by_writers is not None
    return [
        name, f"{row.count:,}", f"{row.writers}" if known else "", f"{row.right:.2%}", _span(row.wilson),
        _span(row.by_writers), f"{row.guessed:.2%}", f"{row.refused:.2%}", f"{row.ece:.2%}",
        f"{row.wrong_at_95:.2%}", f"{row.coverage_at_3:.1%}", f"{row.coverage_at_1:.1%}",
    ]  # fmt: skip


def _number_row(name: str, row: NumberFigures) -> list[str]:
    return [
        name, f"{row.count:,}", f"{row.right:.2%}", _span(row.wilson), _span(row.by_writers),
        f"{row.confidence:.2%}", f"{row.ece:.2%}", f"{row.not_valid}", f"{row.suggested}",
        f"{row.suggested_right}", f"{row.with_suggestions:.2%}",
    ]  # fmt: skip


def _seconds_row(name: str, found: Sequence[NumberAnswer]) -> list[str]:
    times = np.array([each.seconds for each in found]) * 1000
    return [name, *(f"{value:.2f} ms" for value in (np.median(times), np.quantile(times, 0.95), times.max()))]


def _span(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.2%} - {interval[1]:.2%}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Markdown whose columns line up in a terminal, too; columns of figures to the right."""
    every = [list(head), *map(list, rows)]
    widths = [max(len(row[column]) for row in every) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        first, *rest = zip(row, widths, strict=True)
        cells = [f"{first[0]:{first[1]}}", *(f"{cell:>{width}}" for cell, width in rest)]
        return "| " + " | ".join(cells) + " |"

    rule = "| " + " | ".join("-" * width for width in widths[:1]) + " | "
    rule += " | ".join("-" * max(1, width - 1) + ":" for width in widths[1:]) + " |"
    return [line(every[0]), rule, *map(line, every[1:])]
