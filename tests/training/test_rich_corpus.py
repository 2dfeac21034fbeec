"""A rich corpus shows each epoch other renderings of the pen strokes, and boxes that hold no digit."""

from pathlib import Path

import numpy as np
import pytest

from recognition.reader.ink import Strokes
from recognition.reader.networks import NO_DIGIT
from tests.drawing import mnist
from training import corpus as corpus_module
from training.corpus import STROKE_COPIES, VARIANTS, Varied, corpus
from training.data import Drawings, Sources
from training.negatives import negatives
from training.render import restyled, variants
from training.splits import PENDIGITS

SEVEN = np.array([[100.0, 100.0], [250.0, 100.0], [250.0, 110.0], [160.0, 400.0]])
SEVEN_STROKES = Strokes((SEVEN, np.array([[150.0, 250.0], [260.0, 250.0]])), 500, 500, 40)


def sevens() -> Drawings:
    """A seven by three writers who train, by one who tunes, and by one who judges."""
    writers = [*sorted(PENDIGITS["train"])[:3], min(PENDIGITS["tune"]), min(PENDIGITS["test"])]
    return Drawings((SEVEN_STROKES,) * 5, np.full(5, 7), np.array(writers))


@pytest.fixture
def rich(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Varied:
    monkeypatch.setattr(corpus_module, "REFUSED", 60)
    monkeypatch.setattr(corpus_module, "REFUSED_AN_EPOCH", 20)
    monkeypatch.setattr(corpus_module, "HANDS", 2)
    made = corpus(Sources(None, None, sevens(), None), "held-out", tmp_path, rich=True).train
    assert isinstance(made, Varied)
    return made


def test_an_epoch_has_as_many_glyphs_as_it_says(rich: Varied) -> None:
    shown = rich.epoch(np.random.default_rng(1))
    assert len(shown) == len(rich) == 3 * STROKE_COPIES + 2 * 10 + 20
    assert (shown.labels == 7).sum() == 3 * STROKE_COPIES + 2
    assert (shown.labels == NO_DIGIT).sum() == 20
    assert all(glyph.any() for glyph in shown.glyphs)


def test_epochs_differ_and_each_can_be_drawn_again(rich: Varied) -> None:
    first = rich.epoch(np.random.default_rng((1, 0)))
    again = rich.epoch(np.random.default_rng((1, 0)))
    other = rich.epoch(np.random.default_rng((1, 1)))
    assert np.array_equal(first.glyphs, again.glyphs)
    assert not np.array_equal(first.glyphs, other.glyphs)


def test_what_was_cached_is_the_same(rich: Varied, tmp_path: Path) -> None:
    files = sorted(path.name for path in tmp_path.glob("glyphs-*.npz"))
    assert len(files) >= 3
    before = rich.epoch(np.random.default_rng(3))
    again = corpus(Sources(None, None, sevens(), None), "held-out", tmp_path, rich=True).train
    assert np.array_equal(before.glyphs, again.epoch(np.random.default_rng(3)).glyphs)
    assert sorted(path.name for path in tmp_path.glob("glyphs-*.npz")) == files


def test_a_restyled_digit_keeps_its_strokes_and_stays_on_its_canvas() -> None:
    random = np.random.default_rng(5)
    for _ in range(50):
        other = restyled(SEVEN_STROKES, random)
        assert [len(path) for path in other.strokes] == [len(path) for path in SEVEN_STROKES.strokes]
        points = np.concatenate(other.strokes)
        assert points.min() >= 0
        assert points.max() <= 500
        assert not np.allclose(points, np.concatenate(SEVEN_STROKES.strokes), atol=2)


def test_there_are_as_many_variants_as_asked_for() -> None:
    assert len(variants(SEVEN_STROKES, VARIANTS, np.random.default_rng(1))) == VARIANTS


def test_boxes_without_a_digit_are_made_again_by_the_same_seed() -> None:
    digits = mnist()[0][::50]
    first = negatives(30, digits, np.random.default_rng(2))
    assert first.shape == (30, 28, 28)
    assert all(glyph.any() for glyph in first)
    assert np.array_equal(first, negatives(30, digits, np.random.default_rng(2)))
    assert not np.array_equal(first, negatives(30, digits, np.random.default_rng(3)))
