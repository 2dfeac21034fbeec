"""Made digits by two made writers, and a toy that reads them: what it says is laid down, not learned."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.reader.ink import Ink, Picture
from recognition.reader.reader import BoxReading
from training.data import Drawings


def drawings(writers: Sequence[int] = (1, 2), copies: int = 2) -> Drawings:
    """Each writer's digits 0 to 9, `copies` of each: 12x12, the first pixels hold digit, writer, copy."""
    inks, labels, who = [], [], []
    for writer in writers:
        for digit in range(10):
            for copy in range(copies):
                grey = np.full((12, 12), 255, dtype=np.uint8)
                grey[0, :3] = digit, writer, copy
                inks.append(Picture(grey))
                labels.append(digit)
                who.append(writer)
    return Drawings(tuple(inks), np.array(labels, dtype=np.int64), np.array(who, dtype=np.int64))


class Toy:
    """Reads the digit that a picture holds, with the same confidence; `mistakes` (digit, writer) -> digit
    read instead, `refuses` (digit, writer). Remembers the submissions that it was given."""

    def __init__(
        self,
        mistakes: dict[tuple[int, int], int] | None = None,
        refuses: frozenset[tuple[int, int]] = frozenset(),
        confidence: float = 0.91,
    ) -> None:
        self.mistakes, self.refuses, self.confidence = mistakes or {}, refuses, confidence
        self.submissions: list[list[tuple[int, int, int]]] = []

    def read(self, inks: Sequence[Ink]) -> list[BoxReading]:
        held = []
        for ink in inks:
            assert isinstance(ink, Picture)
            held.append((int(ink.grey[0, 0]), int(ink.grey[0, 1]), int(ink.grey[0, 2])))
        self.submissions.append(held)
        return [self.box(digit, writer) for digit, writer, _copy in held]

    def box(self, digit: int, writer: int) -> BoxReading:
        best = self.mistakes.get((digit, writer), digit)
        row = np.full(10, (1 - self.confidence) / 9)
        row[best] = self.confidence
        refused = (digit, writer) in self.refuses
        return BoxReading(
            "unreadable" if refused else "read",
            None if refused else str(best),
            self.confidence,
            probabilities=tuple(float(value) for value in row),
            glyph=np.full((28, 28), 20 * digit, dtype=np.uint8),
        )

    def probabilities(self, glyphs: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.full((len(glyphs), 10), 0.1)
