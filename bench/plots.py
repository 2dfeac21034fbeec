"""Pictures of calibration and confusion. Matplotlib without a screen: figures go straight to files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bench.judge import Answers
from training.evaluation import BINS, calibration_error, wilson

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def reliability(panels: dict[str, tuple[Floats, Bools]], path: Path) -> None:
    """A reliability diagram for each panel (name -> confidence (N,), right (N,)): accuracy by confidence in
    the bins of the ECE with Wilson's intervals, and below how many answers each bin holds."""
    figure = Figure(figsize=(5.4 * len(panels), 7.2), layout="constrained")
    axes = figure.subplots(2, len(panels), squeeze=False, sharex=True, height_ratios=[3, 1.3])
    for column, (name, (confidence, right)) in enumerate(panels.items()):
        above, below = axes[0, column], axes[1, column]
        _diagram(above, confidence, right)
        above.set_title(f"{name}\n{len(right):,} answers, ECE {calibration_error(confidence, right):.2%}")
        _counts(below, confidence)
    axes[0, 0].set_ylabel("part that is right")
    axes[1, 0].set_ylabel("answers")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _bins(confidence: Floats) -> NDArray[np.int64]:
    return np.minimum((confidence * BINS).astype(np.int64), BINS - 1)


def _diagram(axes: Axes, confidence: Floats, right: Bools) -> None:
    axes.plot([0, 1], [0, 1], color="#888888", linestyle="--", linewidth=1, label="perfectly calibrated")
    which = _bins(confidence)
    filled = np.unique(which)
    sure = np.array([confidence[which == each].mean() for each in filled])
    part = np.array([right[which == each].mean() for each in filled])
    bounds = np.array([wilson(int(right[which == e].sum()), int((which == e).sum())) for e in filled])
    reach = np.stack([part - bounds[:, 0], bounds[:, 1] - part]).clip(min=0)
    axes.errorbar(sure, part, yerr=reach, fmt="o", color="#1f5fa8", capsize=3, label="bins, 95 % interval")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
    axes.grid(color="#e4e4e4")
    axes.set_axisbelow(True)
    axes.legend(loc="upper left")


def _counts(axes: Axes, confidence: Floats) -> None:
    counts = np.bincount(_bins(confidence), minlength=BINS)
    middles = (np.arange(BINS) + 0.5) / BINS
    axes.bar(middles, counts, width=0.9 / BINS, color="#7aa6d6")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(0, max(10.0, 6.0 * float(counts.max())))
    for x, count in zip(middles, counts, strict=True):
        if count:
            axes.text(x, count * 1.15, f"{count}", ha="center", va="bottom", fontsize=7)
    axes.set_xlabel("confidence")


def confusion(panels: dict[str, Answers], path: Path) -> None:
    """Truth by answer for each set; what is right is grey, errors are coloured by how many they are."""
    figure = Figure(figsize=(6.0 * len(panels), 6.0), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for place, (name, found) in zip(axes, panels.items(), strict=True):
        counts = np.zeros((10, 11), dtype=np.int64)
        column = np.where(found.refused, 10, found.best)
        np.add.at(counts, (found.labels, column), 1)
        _matrix(place, counts)
        wrong = len(found) - int(found.right.sum())
        place.set_title(f"{name}\n{len(found):,} digits, {wrong} not read right")
    axes[0].set_ylabel("written")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _matrix(axes: Axes, counts: NDArray[np.int64]) -> None:
    right = np.eye(10, 11, dtype=np.bool_)
    shown = np.where(right | (counts == 0), np.nan, counts)
    most = max(2.0, float(np.nanmax(shown)) if np.isfinite(shown).any() else 2.0)
    axes.imshow(np.where(right, 0.12, np.nan), cmap="Greys", vmin=0, vmax=1)
    axes.imshow(shown, cmap="OrRd", vmin=-0.5, vmax=most)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if not right[row, column] and count > 0.7 * most else "black"
            weight = "normal" if right[row, column] else "bold"
            axes.text(column, row, f"{count}", ha="center", va="center", color=colour, weight=weight)
    axes.set_xticks(range(11), [*map(str, range(10)), "refused"], rotation=0)
    axes.set_yticks(range(10))
    axes.set_xlabel("read")
    axes.set_xticks(np.arange(11) - 0.5, minor=True)
    axes.set_yticks(np.arange(10) - 0.5, minor=True)
    axes.grid(which="minor", color="#dddddd")
    axes.tick_params(which="minor", length=0)


def panel(found: Sequence[Answers]) -> tuple[Floats, Bools]:
    """Confidence and rightness of the best digits of some sets, for a reliability diagram."""
    return np.concatenate([each.confidence for each in found]), np.concatenate(
        [each.guessed for each in found]
    )
