"""Networks side by side: each on MNIST and on unseen writers, given pictures the tutorial's way (squeezed)
and this project's way (glyphs). One table and one picture; pure, as the trainer is."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from recognition.reader.glyph import glyph
from recognition.reader.ink import Ink, Picture
from recognition.reader.networks import parameter_count
from recognition.reader.reader import Reader
from recognition.reader.squeeze import squeeze
from training.unseen import MNIST, PAPER, PENS, Unseen, as_picture

SHOWN = (MNIST, PENS, PAPER)
"""The sets that networks are compared on."""
BOXES = 11
TIMES = 60
COLOURS = ("#1f5fa8", "#d1702b", "#3c8c4a", "#8b4fa3", "#b03a48", "#6b6b6b")

Step = Callable[[int], object]
History = list[dict[str, object]]
"""One object an epoch: `epoch`, `loss` and `accuracy`, by name of tuning set."""


@dataclass(frozen=True, eq=False)
class Views:
    """One set as both ways show it to a network: uint8 (N, 28, 28); a blank glyph is all zeros and counts
    as wrong. `sample` is ink for measuring time."""

    squeezed: NDArray[np.uint8]
    glyphs: NDArray[np.uint8]
    blank: NDArray[np.bool_]
    labels: NDArray[np.int64]
    sample: tuple[Ink, ...]


@dataclass(frozen=True)
class Row:
    """One network: `size` in bytes, `milliseconds` for a number of 11 boxes, ink to digits, and by name of
    set its accuracy (0..1) on squeezed pictures and on glyphs."""

    name: str
    parameters: int
    size: int
    milliseconds: float
    accuracy: dict[str, tuple[float, float]]


def views(drawn: Unseen, step: Step = lambda _: None) -> Views:
    """Make both views of a set."""
    squeezed, glyphs, blank = [], [], []
    for index in range(len(drawn)):
        ink = drawn.ink(index)
        picture = as_picture(ink)
        # MNIST is white on black: turned first, squeezing gives it back untouched.
        squeezed.append(squeeze(Picture(255 - picture.grey) if drawn.name == MNIST else picture))
        made = glyph(ink)
        blank.append(made is None)
        glyphs.append(np.zeros((28, 28), np.uint8) if made is None else made)
        step(1)
    sample = tuple(drawn.ink(index) for index in range(min(len(drawn), BOXES * TIMES)))
    return Views(np.stack(squeezed), np.stack(glyphs), np.array(blank), drawn.drawings.labels, sample)


def compare(readers: Mapping[str, Reader], sizes: Mapping[str, int], sets: Mapping[str, Views]) -> list[Row]:
    """A row for each reader; `sizes` are those of their files, in bytes."""
    timed = sets.get(PENS) or next(iter(sets.values()))
    rows = []
    for name, reader in readers.items():
        accuracy = {}
        for place, each in sets.items():
            guessed = _best(reader, each.squeezed) == each.labels
            read = (_best(reader, each.glyphs) == each.labels) & ~each.blank
            accuracy[place] = (float(guessed.mean()), float(read.mean()))
        rows.append(
            Row(
                name,
                parameter_count(reader.network),
                sizes[name],
                _milliseconds(reader, timed.sample),
                accuracy,
            )
        )
    return rows


def _best(reader: Reader, glyphs: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.asarray(reader.probabilities(glyphs).argmax(axis=1))


def _milliseconds(reader: Reader, inks: Sequence[Ink]) -> float:
    """The median time for a number; the first few only warm up."""
    spent = []
    for start in range(0, max(1, len(inks) - BOXES + 1), BOXES):
        begun = perf_counter()
        reader.read(inks[start : start + BOXES])
        spent.append(perf_counter() - begun)
    return float(np.median(spent[len(spent) // 10 :])) * 1000


def table(rows: Sequence[Row]) -> str:
    """Lines of text; each set has a column for either way."""
    if not rows:
        return "There are no networks to compare."
    sets = list(rows[0].accuracy)
    wide = max(24, *(len(place) + 2 for place in sets))
    head = f"{'':{_left(rows)}} {'':>10} {'':>9} {'ms a':>7}" + "".join(f"{place:>{wide}}" for place in sets)
    ways = f"{'network':{_left(rows)}} {'parameters':>10} {'size':>9} {'number':>7}"
    ways += "".join(f"{'squeezed':>{wide - 10}}{'glyph':>10}" for _ in sets)
    lines = [head, ways]
    for row in rows:
        figures = "".join(
            f"{squeezed:>{wide - 10}.2%}{made:>10.2%}" for squeezed, made in row.accuracy.values()
        )
        size = f"{row.size / 1000:.0f} kB"
        lines.append(
            f"{row.name:{_left(rows)}} {row.parameters:>10,} {size:>9} {row.milliseconds:>7.2f}{figures}"
        )
    return "\n".join(lines)


def _left(rows: Sequence[Row]) -> int:
    return max(len("network"), *(len(row.name) for row in rows))


def history(weights: Path) -> History | None:
    """The training's curves, from `<name>.history.json` beside the weights; None when there are none."""
    try:
        found = json.loads(weights.with_suffix(".history.json").read_text())
    except (OSError, ValueError):
        return None
    whole = isinstance(found, list) and all(
        isinstance(each, dict) and isinstance(each.get("accuracy"), dict) and "epoch" in each
        for each in found
    )
    return found if whole and found else None


def picture(rows: Sequence[Row], histories: Mapping[str, History], path: Path) -> None:
    """A PNG: the accuracies as bars, and beside them the curves of those networks that have a history."""
    sets = list(rows[0].accuracy)
    curves = {name: each for name, each in histories.items() if each}
    figure = Figure(figsize=(7.5 + (6.5 if curves else 0), 5.2), layout="constrained")
    places = figure.subplots(1, 2 if curves else 1, squeeze=False)[0]
    _bars(places[0], rows, sets)
    if curves:
        _curves(places[1], curves)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _bars(axes: Axes, rows: Sequence[Row], sets: Sequence[str]) -> None:
    middles = np.arange(2 * len(sets), dtype=np.float64)
    width = 0.8 / len(rows)
    for number, row in enumerate(rows):
        heights = [100 * value for place in sets for value in row.accuracy[place]]
        x = middles + (number - (len(rows) - 1) / 2) * width
        axes.bar(x, heights, width * 0.92, color=COLOURS[number % len(COLOURS)], label=row.name)
        for at, height in zip(x, heights, strict=True):
            axes.text(at, height + 1, f"{height:.1f}", ha="center", va="bottom", fontsize=8, rotation=90)
    names = [f"{place.split(',')[0]}\n{way}" for place in sets for way in ("squeezed", "glyph")]
    axes.set_xticks(middles, names)
    axes.set(ylim=(0, 115), ylabel="digits right, %", title="MNIST and unseen writers, either way")
    axes.set_yticks(range(0, 101, 20))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.11), ncols=4, frameon=False)


def _curves(axes: Axes, curves: Mapping[str, History]) -> None:
    lines = ("-", "--", ":", "-.")
    for number, (name, epochs) in enumerate(curves.items()):
        sets: list[str] = list(_accuracy(epochs[0]))
        for place, line in zip(sets, lines, strict=False):
            wrong = [100 * (1 - _accuracy(each).get(place, 0.0)) for each in epochs]
            axes.plot(
                [float(str(each["epoch"])) for each in epochs],
                np.maximum(wrong, 0.02),  # nothing wrong has no place on a logarithmic scale
                line,
                color=COLOURS[number % len(COLOURS)],
                label=f"{name}: {place}",
            )
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="epoch", ylabel="tuning digits wrong, %", title="Training")
    axes.set_yticks([0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50], minor=False)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(which="major", color="#e4e4e4")
    axes.legend(fontsize=8, loc="upper right")


def _accuracy(epoch: Mapping[str, object]) -> dict[str, float]:
    found = epoch["accuracy"]
    return {str(name): float(value) for name, value in found.items()} if isinstance(found, dict) else {}
