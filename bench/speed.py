"""Time to read a number, ink to digits, beside the forward pass alone, on one core."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bench.judge import Reads, Step
from recognition.reader.ink import Ink

WARM_UP = 5


class TimedReader(Reads, Protocol):
    """A reader whose network can be run alone: probabilities (N, 10) of glyphs uint8 (N, 28, 28)."""

    def probabilities(self, glyphs: NDArray[np.uint8]) -> NDArray[np.float64]: ...


@dataclass(frozen=True)
class Speed:
    """Medians over numbers, in milliseconds a number; `ratio` is the median of each number's own."""

    numbers: int
    read: float
    forward: float
    ratio: float


def speeds(
    reader: TimedReader, kinds: Mapping[str, Sequence[Sequence[Ink]]], step: Step = lambda _: None
) -> dict[str, Speed]:
    """Read the numbers of each kind of ink. The kinds take turns, and so do reading and the forward pass,
    so that whatever else the machine does falls on all alike. The caller has set the number of threads."""
    spent: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    most = max((len(numbers) for numbers in kinds.values()), default=0)
    for turn in range(-WARM_UP, most):
        for kind, numbers in kinds.items():
            if turn >= len(numbers):
                continue
            inks = numbers[max(turn, 0)]
            start = perf_counter()
            readings = reader.read(inks)
            read = perf_counter() - start
            glyphs = np.stack([each.glyph for each in readings if each.glyph is not None])
            start = perf_counter()
            reader.probabilities(glyphs)
            forward = perf_counter() - start
            if turn >= 0:
                spent[kind].append((read, forward))
        step(1)
    found = {}
    for kind, pairs in spent.items():
        times = np.array(pairs) * 1000
        found[kind] = Speed(
            len(pairs),
            float(np.median(times[:, 0])),
            float(np.median(times[:, 1])),
            float(np.median(times[:, 0] / times[:, 1])),
        )
    return found
