"""The gate: whether a candidate may take the active model's place, and why, in one sentence.

Candidate and active model read the same samples, so what counts are those that one reads right and the other
wrong (McNemar's exact test). Pure: numbers in, verdict out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SIGNIFICANT = 0.05
"""Below this probability, a loss of such a size is no accident."""
NOTICED = 0.001
"""A loss smaller than this part (0..1) is let pass even when it is no accident."""
LARGE = 0.01
"""A loss of this part (0..1) is refused even when it may be an accident."""


@dataclass(frozen=True)
class Paired:
    """One set of samples, read by both: how many, right before and after, and where only one was right."""

    name: str
    count: int
    before: int
    after: int
    gained: int
    lost: int

    @property
    def change(self) -> float:
        """The change in accuracy, as a part (-1..1)."""
        return (self.after - self.before) / self.count if self.count else 0.0

    @property
    def p(self) -> float:
        """The probability of so many losses, or more, if neither reads better."""
        return mcnemar(self.gained, self.lost)

    @property
    def regressed(self) -> bool:
        loss = -self.change
        return loss >= LARGE or (loss > NOTICED and self.p < SIGNIFICANT)

    def words(self) -> str:
        return (
            f"{self.name} {self.before / self.count:.2%} to {self.after / self.count:.2%} "
            f"({self.gained} gained, {self.lost} lost of {self.count})"
        )


@dataclass(frozen=True)
class Verdict:
    passed: bool
    sentence: str


def mcnemar(gained: int, lost: int) -> float:
    """One-sided exact test: the probability of `lost` or more among the samples on which the two differ."""
    differ = gained + lost
    tail = sum(math.comb(differ, k) for k in range(lost, differ + 1))
    return tail / 2**differ


def verdict(pairs: Sequence[Paired]) -> Verdict:
    """Refuse a candidate that reads any set worse. Sets without samples have no say."""
    judged = [pair for pair in pairs if pair.count]
    worse = [pair for pair in judged if pair.regressed]
    if not judged:
        return Verdict(False, "Refused: there is nothing to judge it by.")
    if worse:
        words = "; ".join(f"{pair.words()}, p = {pair.p:.2g}" for pair in worse)
        return Verdict(False, f"Refused, because it reads worse: {words}.")
    return Verdict(True, f"Passed: {'; '.join(pair.words() for pair in judged)}.")
