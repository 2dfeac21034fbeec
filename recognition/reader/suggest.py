"""The most probable valid number near what was read, by exact search over the boxes' probabilities.

Readings of all boxes together are looked at in the order of their probability, best first, so the first
valid one is the most probable valid one; the search ends where no reading worth a suggestion is left.
"""

import heapq
import math
from collections.abc import Callable, Iterator, Sequence

LEAST = 1e-3
"""A reading less probable than this is no suggestion. At most 1 / LEAST readings are that probable."""
Probabilities = Sequence[float]
"""Of the digits 0 to 9 in one box."""


def most_probable(
    boxes: Sequence[Probabilities], valid: Callable[[str], bool], least: float = LEAST
) -> tuple[str, float] | None:
    """The most probable digits, one a box, that are ``valid``, and their probability; None below ``least``.

    The boxes are taken as independent, so a reading's probability is the product of its digits'.
    """
    for digits, probability in by_probability(boxes, least):
        if valid(digits):
            return digits, probability
    return None


def by_probability(boxes: Sequence[Probabilities], least: float) -> Iterator[tuple[str, float]]:
    """All readings of at least the probability ``least``, each once, the most probable first."""
    # A digit less probable than `least` in its box is in no reading that is more probable.
    ranked = [_ranked(box, least) for box in boxes]
    if not ranked or not all(ranked):
        return
    # A reading is a rank in each box. Its successors raise one rank, at or behind the last box that was
    # raised: so every reading has one way to it, and none of its successors is more probable.
    first = (0,) * len(ranked)
    queue = [(-_log(ranked, first), first, 0)]
    while queue:
        cost, ranks, last = heapq.heappop(queue)
        probability = math.exp(-cost)
        if probability < least:
            return
        yield "".join(ranked[box][rank][1] for box, rank in enumerate(ranks)), probability
        for box in range(last, len(ranked)):
            if ranks[box] + 1 < len(ranked[box]):
                raised = (*ranks[:box], ranks[box] + 1, *ranks[box + 1 :])
                heapq.heappush(queue, (-_log(ranked, raised), raised, box))


def _ranked(box: Probabilities, least: float) -> list[tuple[float, str]]:
    """The log probabilities of the digits worth a look, with the digit, best first."""
    kept = [(math.log(p), str(digit)) for digit, p in enumerate(box) if p >= least]
    return sorted(kept, key=lambda pair: (-pair[0], pair[1]))


def _log(ranked: list[list[tuple[float, str]]], ranks: tuple[int, ...]) -> float:
    return sum(ranked[box][rank][0] for box, rank in enumerate(ranks))
