"""What judges a network: drawings by writers that no recipe has seen, in the ways they reach the reader.

The same sets serve `manage.py evaluate` and `make bench-reading`. Nothing is kept in memory twice: a set
holds the drawings as they are and makes the ink that the reader gets when it is asked for.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recognition.reader.ink import Ink, Picture, Strokes
from training import splits
from training.data import Drawings, Sources
from training.render import PAGE, Style, draw

Part = Literal["tune", "test"]
Way = Callable[[Ink, np.random.Generator], Ink]
"""From a drawing to the ink that the reader gets; only the random numbers it is given may vary it."""

MNIST = "MNIST"
PENS = "pens, 50 px, brush 4"
PENS_HARD = "pens, 50 px, not smooth"
PENS_STROKES = "pens, canvas 280, strokes"
PENS_PICTURE = "pens, canvas 280, picture"
PENS_DOTTED = "pens, 50 px, dotted"
PAPER = "paper, scans"

CANVAS = 280.0
BRUSH = 16.0
"""The page's own canvas and brush, in its pixels."""


def as_is(ink: Ink, random: np.random.Generator) -> Ink:
    """The drawing itself."""
    del random
    return ink


@dataclass(frozen=True, eq=False)
class Unseen:
    """A named set of drawings and the way in which they are sent; `seed` fixes what is random in it."""

    name: str
    drawings: Drawings
    way: Way = as_is
    seed: int = 1

    def __len__(self) -> int:
        return len(self.drawings)

    def ink(self, index: int) -> Ink:
        """The ink of one drawing; the same for the same index, whatever was asked for before."""
        digest = hashlib.sha256(f"{self.name}/{self.seed}/{index}".encode()).digest()
        return self.way(self.drawings.inks[index], np.random.default_rng(list(digest[:8])))


def on_page(ink: Ink, random: np.random.Generator) -> Ink:
    """The picture that the tutorial's page sends: 50x50, brush of 4 px. Pictures stay as they are."""
    del random
    return draw(ink, PAGE) if isinstance(ink, Strokes) else ink


def not_smooth(ink: Ink, random: np.random.Generator) -> Ink:
    """The same without smooth edges."""
    del random
    return draw(ink, Style(smooth=False)) if isinstance(ink, Strokes) else ink


def dotted(ink: Ink, random: np.random.Generator) -> Ink:
    """The same as separate dots, 0.8 to 1.6 brushes apart: a fast mouse on the tutorial's page."""
    spacing = float(random.uniform(0.8, 1.6))
    return draw(ink, Style(spacing=spacing)) if isinstance(ink, Strokes) else ink


def canvas_strokes(ink: Ink, random: np.random.Generator) -> Ink:
    """What this project's page sends: strokes on its canvas."""
    del random
    if not isinstance(ink, Strokes):
        return ink
    scale = CANVAS / max(ink.width, ink.height)
    return Strokes(tuple(path * scale for path in ink.strokes), CANVAS, CANVAS, BRUSH)


def canvas_picture(ink: Ink, random: np.random.Generator) -> Ink:
    """The same canvas as a picture of 280x280."""
    del random
    return draw(ink, Style(side=round(CANVAS), brush=BRUSH)) if isinstance(ink, Strokes) else ink


def unseen(sources: Sources, part: Part = "test", seed: int = 1) -> dict[str, Unseen]:
    """The sets by name, of what `sources` holds: MNIST's test digits and the writers of `test`, or MNIST's
    tuning slice and the writers of `tune`, for choosing without a look at the test."""
    sets: list[Unseen] = []
    if part == "test" and sources.mnist_test is not None:
        sets.append(Unseen(MNIST, sources.mnist_test))
    elif part == "tune" and sources.mnist_train is not None:
        last = np.arange(len(sources.mnist_train))[-splits.MNIST_TUNE :]
        sets.append(Unseen(MNIST, sources.mnist_train.at(last)))
    if sources.pendigits is not None:
        pens = sources.pendigits.of(splits.PENDIGITS[part])
        ways: list[tuple[str, Way]] = [
            (PENS, on_page),
            (PENS_HARD, not_smooth),
            (PENS_STROKES, canvas_strokes),
            (PENS_PICTURE, canvas_picture),
            (PENS_DOTTED, dotted),
        ]
        sets += [Unseen(name, pens, way, seed) for name, way in ways]
    if sources.paper is not None:
        sets.append(Unseen(PAPER, sources.paper.of(splits.PAPER[part])))
    return {each.name: each for each in sets if len(each)}


def as_picture(ink: Ink) -> Picture:
    """A picture of any ink, for the tutorial's way and for people's eyes."""
    return ink if isinstance(ink, Picture) else draw(ink, Style(side=round(CANVAS), brush=BRUSH))
