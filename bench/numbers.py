"""Whole numbers: valid phone numbers of 11 digits, each written with the digits of one writer."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import phonenumbers
from numpy.typing import NDArray

from bench.judge import Reads, Step
from recognition.reader.number import compose
from training.data import Drawings
from training.evaluation import calibration_error, over_writers, wilson
from training.unseen import Unseen

LENGTH = 11


@dataclass(frozen=True)
class Written:
    """A number as somebody means it, and the drawings that write it: indices into a set, one a digit."""

    digits: str
    writer: int
    drawings: tuple[int, ...]


@dataclass(frozen=True)
class NumberAnswer:
    """What was read of a number. `suggested` is None when nothing was suggested; `seconds` is the time
    from the boxes' readings to the number, with the search for a suggestion."""

    truth: str
    writer: int
    digits: str
    confidence: float
    valid: bool
    suggested: str | None
    seconds: float

    @property
    def right(self) -> bool:
        return self.digits == self.truth


def valid_numbers(count: int, random: np.random.Generator) -> list[str]:
    """`count` numbers of 11 digits, country code first, drawn evenly from all that are valid."""
    found: list[str] = []
    while len(found) < count:
        digits = "".join(map(str, random.integers(10, size=LENGTH)))
        try:
            number = phonenumbers.parse("+" + digits)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            found.append(digits)
    return found


def write_numbers(drawings: Drawings, count: int, random: np.random.Generator) -> list[Written]:
    """`count` numbers, each in one writer's digits; no drawing twice in a number while others are left.

    Raises ValueError when no writer has drawn all ten digits.
    """
    own: dict[int, list[NDArray[np.int64]]] = {}
    for writer in np.unique(drawings.writers):
        by_digit = [
            np.flatnonzero((drawings.writers == writer) & (drawings.labels == digit)) for digit in range(10)
        ]
        if all(len(each) for each in by_digit):
            own[int(writer)] = by_digit
    if not own:
        raise ValueError("No writer has drawn all ten digits.")
    writers = sorted(own)
    return [
        _written(digits, writer, own[writer], random)
        for digits in valid_numbers(count, random)
        for writer in [writers[int(random.integers(len(writers)))]]
    ]


def _written(
    digits: str, writer: int, by_digit: list[NDArray[np.int64]], random: np.random.Generator
) -> Written:
    left: dict[str, list[int]] = {}
    chosen = []
    for digit in digits:
        if not left.get(digit):
            left[digit] = [int(i) for i in random.permutation(by_digit[int(digit)])]
        chosen.append(left[digit].pop())
    return Written(digits, writer, tuple(chosen))


def read_numbers(
    reader: Reads, drawn: Unseen, numbers: Sequence[Written], step: Step = lambda _: None
) -> list[NumberAnswer]:
    """Read numbers as the service does: the boxes of one in one call, then the number without a region."""
    found = []
    for number in numbers:
        readings = reader.read([drawn.ink(index) for index in number.drawings])
        start = perf_counter()
        read = compose(readings)
        seconds = perf_counter() - start
        suggested = None if read.suggestion is None else read.suggestion.digits
        found.append(
            NumberAnswer(
                number.digits,
                number.writer,
                read.digits,
                read.confidence or 0.0,
                read.valid,
                suggested,
                seconds,
            )
        )
        step(len(number.drawings))
    return found


@dataclass(frozen=True)
class NumberFigures:
    """Figures of whole numbers. Parts are 0..1; `not_valid`, `suggested` and `suggested_right` are counts:
    of readings that are no valid number, of those with a suggestion, of suggestions that are right."""

    count: int
    right: float
    wilson: tuple[float, float]
    by_writers: tuple[float, float] | None
    confidence: float
    ece: float
    not_valid: int
    suggested: int
    suggested_right: int
    with_suggestions: float  # right when every suggestion is taken


def number_figures(found: Sequence[NumberAnswer], seed: int = 1) -> NumberFigures:
    """Figures of numbers that were read; `seed` is that of the bootstrap over writers."""
    right = np.array([each.right for each in found], dtype=np.bool_)
    sure = np.array([each.confidence for each in found], dtype=np.float64)
    writers = np.array([each.writer for each in found], dtype=np.int64)
    suggested_right = sum(each.suggested == each.truth for each in found)
    return NumberFigures(
        count=len(found),
        right=float(right.mean()),
        wilson=wilson(int(right.sum()), len(found)),
        by_writers=over_writers(right, writers, np.random.default_rng(seed)),
        confidence=float(sure.mean()),
        ece=calibration_error(sure, right),
        not_valid=sum(not each.valid for each in found),
        suggested=sum(each.suggested is not None for each in found),
        suggested_right=suggested_right,
        with_suggestions=(int(right.sum()) + suggested_right) / len(found),
    )
