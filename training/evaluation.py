"""How good a network is: accuracy with its interval, calibration, errors among the sure answers."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

BINS = 15


@dataclass(frozen=True)
class Figures:
    """Figures of one test set, as parts (0..1)."""

    count: int
    accuracy: float
    low: float
    high: float
    ece: float
    wrong_at_95: float


def figures(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> Figures:
    """All figures from probabilities (N, 10) and labels (N,)."""
    right = probabilities.argmax(axis=1) == labels
    low, high = wilson(int(right.sum()), len(right))
    confidence = probabilities.max(axis=1)
    return Figures(
        count=len(right),
        accuracy=float(right.mean()) if len(right) else 0.0,
        low=low,
        high=high,
        ece=calibration_error(confidence, right),
        wrong_at_95=wrong_at_coverage(confidence, right, 0.95),
    )


def wilson(right: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a proportion, 95 % by default; (0, 1) of nothing."""
    if count == 0:
        return 0.0, 1.0
    part = right / count
    middle = part + z * z / (2 * count)
    reach = z * math.sqrt(part * (1 - part) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over equal bins (Guo et al., 2017)."""
    if not len(right):
        return 0.0
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(which, weights=confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(right))


def wrong_at_coverage(confidence: NDArray[np.float64], right: NDArray[np.bool_], coverage: float) -> float:
    """The part of wrong answers among the most confident `coverage` of all."""
    if not len(right):
        return 0.0
    kept = np.argsort(-confidence, kind="stable")[: max(1, math.floor(coverage * len(right)))]
    return float(1.0 - right[kept].mean())


def coverage_at_error(confidence: NDArray[np.float64], right: NDArray[np.bool_], error: float) -> float:
    """The largest part (0..1), surest answers first, of which no more than `error` are wrong."""
    if not len(right):
        return 0.0
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order]) / np.arange(1, len(right) + 1)
    # Equal confidences cannot be told apart by a threshold: a part ends where the confidence changes.
    ends = np.append(np.diff(confidence[order]) != 0, True)
    within = np.flatnonzero((wrong <= error) & ends)
    return float(within[-1] + 1) / len(right) if len(within) else 0.0


def over_writers(
    right: NDArray[np.bool_], writers: NDArray[np.int64], random: np.random.Generator, draws: int = 10_000
) -> tuple[float, float] | None:
    """A 95 % interval of the accuracy that takes a writer's answers together: the bootstrap draws writers,
    not answers. None for fewer than two writers."""
    names, which = np.unique(writers, return_inverse=True)
    if len(names) < 2:
        return None
    counts = np.bincount(which).astype(np.float64)
    sums = np.bincount(which, weights=right)
    drawn = random.integers(len(names), size=(draws, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def fit_temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The temperature in 0.2..5 that makes softmax(logits / T) likeliest (Guo et al., 2017)."""
    logits, labels = logits.double(), labels.long()

    def cost(log_t: float) -> float:
        return float(torch.nn.functional.cross_entropy(logits / math.exp(log_t), labels))

    low, high, golden = math.log(0.2), math.log(5.0), (math.sqrt(5) - 1) / 2
    for _ in range(40):  # golden section
        a, b = high - golden * (high - low), low + golden * (high - low)
        if cost(a) < cost(b):
            high = b
        else:
            low = a
    return math.exp((low + high) / 2)


def table(rows: dict[str, Figures]) -> str:
    """Figures as lines of text, percent."""
    lines = [f"{'':34} {'digits':>7} {'accuracy':>9} {'95 % interval':>16} {'ECE':>7} {'wrong at 95 %':>14}"]
    for name, row in rows.items():
        lines.append(
            f"{name:34} {row.count:7d} {row.accuracy:9.2%} {row.low:7.2%} -{row.high:7.2%} "
            f"{row.ece:7.2%} {row.wrong_at_95:14.2%}"
        )
    return "\n".join(lines)
