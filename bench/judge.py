"""What a reader makes of a set of drawings, box by box, and figures of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recognition.reader.ink import Ink
from recognition.reader.reader import BoxReading
from training.evaluation import (
    calibration_error,
    coverage_at_error,
    over_writers,
    wilson,
    wrong_at_coverage,
)
from training.unseen import Unseen

Step = Callable[[int], object]
"""Called with the number of boxes done since the last call."""


class Reads(Protocol):
    """What is judged: `recognition.reader.reader.Reader`, or a toy in its place."""

    def read(self, inks: Sequence[Ink]) -> list[BoxReading]: ...


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers to a set, by index: `best` digit whatever the state (-1 for blank), its `confidence` (0 for
    blank), whether it was `refused` (blank or unreadable), and the glyph (zeros for blank)."""

    labels: NDArray[np.int64]
    writers: NDArray[np.int64]
    best: NDArray[np.int64]
    confidence: NDArray[np.float64]
    refused: NDArray[np.bool_]
    glyphs: NDArray[np.uint8]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Read, and read right: a digit that is refused is not."""
        return np.asarray((self.best == self.labels) & ~self.refused)

    @property
    def guessed(self) -> NDArray[np.bool_]:
        """The best digit is right, whether or not the reader would bet on it."""
        return np.asarray(self.best == self.labels)

    def __len__(self) -> int:
        return len(self.labels)


def answers(reader: Reads, drawn: Unseen, step: Step = lambda _: None) -> Answers:
    """Read every drawing of a set as a submission of its own: no box may lean on a stranger's."""
    best, confidence, refused, glyphs = [], [], [], []
    for index in range(len(drawn)):
        (reading,) = reader.read([drawn.ink(index)])
        best.append(-1 if reading.probabilities is None else int(np.argmax(reading.probabilities)))
        confidence.append(reading.confidence or 0.0)
        refused.append(reading.state != "read")
        glyphs.append(np.zeros((28, 28), np.uint8) if reading.glyph is None else reading.glyph)
        step(1)
    return Answers(
        drawn.drawings.labels,
        drawn.drawings.writers,
        np.array(best, dtype=np.int64),
        np.array(confidence, dtype=np.float64),
        np.array(refused, dtype=np.bool_),
        np.array(glyphs, dtype=np.uint8).reshape(-1, 28, 28),
    )


def together(parts: Sequence[Answers]) -> Answers:
    """Several sets as one. Writers of different sets are different people and get numbers of their own."""
    return Answers(
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.writers + 1000 * number for number, part in enumerate(parts)]),
        np.concatenate([part.best for part in parts]),
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.refused for part in parts]),
        np.concatenate([part.glyphs for part in parts]),
    )


@dataclass(frozen=True)
class SetFigures:
    """Figures of one set, as parts (0..1). Calibration and coverage are those of the best digit, so that a
    threshold for refusing does not flatter them; `by_writers` is None where writers are not known."""

    count: int
    writers: int
    right: float
    wilson: tuple[float, float]
    by_writers: tuple[float, float] | None
    guessed: float
    refused: float
    ece: float
    wrong_at_95: float
    coverage_at_3: float  # at most 0.3 % wrong
    coverage_at_1: float  # at most 0.1 % wrong


def figures_of(found: Answers, seed: int = 1) -> SetFigures:
    """Figures of a set's answers; `seed` is that of the bootstrap over writers."""
    guessed, sure = found.guessed, found.confidence
    return SetFigures(
        count=len(found),
        writers=len(np.unique(found.writers)),
        right=float(found.right.mean()),
        wilson=wilson(int(found.right.sum()), len(found)),
        by_writers=over_writers(found.right, found.writers, np.random.default_rng(seed)),
        guessed=float(guessed.mean()),
        refused=float(found.refused.mean()),
        ece=calibration_error(sure, guessed),
        wrong_at_95=wrong_at_coverage(sure, guessed, 0.95),
        coverage_at_3=coverage_at_error(sure, guessed, 0.003),
        coverage_at_1=coverage_at_error(sure, guessed, 0.001),
    )
