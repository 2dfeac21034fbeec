"""The one fixed split of the writers of pendigits and paper-digits, drawn once and never chosen by results.

Nothing is ever chosen by the writers of `test`: recipes are compared, temperatures fitted and epochs counted
on `tune` only. MNIST's official test likewise; a slice of its 60,000 serves tuning.
"""

from typing import Literal

Part = Literal["train", "tune", "test"]

PENDIGITS: dict[Part, frozenset[int]] = {
    "test": frozenset({3, 7, 11, 15, 19, 23, 27, 30}),
    "tune": frozenset({5, 14, 22, 29}),
    "train": frozenset({1, 2, 4, 6, 8, 9, 10, 12, 13, 16, 17, 18, 20, 21, 24, 25, 26, 28}),
}
PAPER: dict[Part, frozenset[int]] = {
    "test": frozenset({4, 8, 11}),
    "tune": frozenset({6}),
    "train": frozenset({1, 2, 3, 5, 7, 9, 10}),
}
MNIST_TUNE = 5_000
"""The last so many of MNIST's 60,000 training digits tune; the rest train."""


def part_of(writer: int, writers: dict[Part, frozenset[int]]) -> Part:
    """The part that a writer belongs to. Raises KeyError for a writer the split does not know."""
    for part, members in writers.items():
        if writer in members:
            return part
    raise KeyError(f"Writer {writer} is in no part of the split.")
