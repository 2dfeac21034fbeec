"""No writer is in two parts of the split, and no glyph of a test writer is trained on."""

import numpy as np
import pytest

from recognition.reader.ink import Strokes
from tests.reader.hand import HAND, picture, strokes
from training import splits
from training.corpus import STROKE_COPIES, corpus
from training.data import Drawings, Sources


@pytest.mark.parametrize(
    ("writers", "everyone"), [(splits.PENDIGITS, range(1, 31)), (splits.PAPER, range(1, 12))]
)
def test_every_writer_is_in_one_part(writers: dict[splits.Part, frozenset[int]], everyone: range) -> None:
    members = [writer for part in writers.values() for writer in part]
    assert sorted(members) == list(everyone)
    assert set(writers) == {"train", "tune", "test"}
    for writer in everyone:
        assert writer in writers[splits.part_of(writer, writers)]


def test_an_unknown_writer_is_in_none() -> None:
    with pytest.raises(KeyError):
        splits.part_of(99, splits.PAPER)


def drawings(count: int, by_pen: bool) -> Drawings:
    """One drawing a writer, of ever other size and slope, so that no two glyphs are alike."""
    chance = np.random.default_rng(count + by_pen)
    inks: list[Strokes] = []
    for writer in range(1, count + 1):
        digit = sorted(HAND)[writer % len(HAND)]
        bent = np.array([[1, chance.uniform(-0.3, 0.3)], [chance.uniform(-0.2, 0.2), chance.uniform(0.5, 1)]])
        ink = strokes(digit)
        inks.append(Strokes(tuple(path @ bent for path in ink.strokes), 100, 100, 6))
    labels = np.array([int(sorted(HAND)[writer % len(HAND)]) for writer in range(1, count + 1)])
    made = tuple(inks) if by_pen else tuple(picture(strokes_in_sight(ink)) for ink in inks)
    return Drawings(made, labels, np.arange(1, count + 1))


def strokes_in_sight(ink: Strokes) -> Strokes:
    low = np.concatenate(ink.strokes).min(axis=0)
    return Strokes(tuple(path - low + 10 for path in ink.strokes), 130, 130, 6)


@pytest.mark.parametrize("writers", ["held-out", "all"])
def test_test_writers_are_held_out(writers: splits.Part) -> None:
    found = corpus(Sources(pendigits=drawings(30, True), paper=drawings(11, False)), writers)  # type: ignore[arg-type]
    trained = {glyph.tobytes() for glyph in found.train.glyphs}
    tuned = {glyph.tobytes() for part in found.tune.values() for glyph in part.glyphs}
    assert not trained & tuned
    if writers == "all":
        assert found.test == {}
        assert len(found.train) >= 26 * STROKE_COPIES
        return
    tested = {glyph.tobytes() for part in found.test.values() for glyph in part.glyphs}
    assert len(tested) > 30
    assert not tested & trained
    assert not tested & tuned


def test_mnist_tunes_on_its_last_training_digits_and_never_on_its_test() -> None:
    # Each digit's place is written in its pixels: a line of that length.
    def lines(first: int, count: int) -> Drawings:
        from recognition.reader.ink import Picture

        made = []
        for number in range(first, first + count):
            image = np.zeros((28, 28), np.uint8)
            for bit in range(14):
                image[4 + 10 * (number >> bit & 1) : 14 + 10 * (number >> bit & 1), 4 + bit] = 255
            made.append(Picture(image))
        return Drawings(tuple(made), np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64))

    cut = splits.MNIST_TUNE
    try:
        splits.MNIST_TUNE = 50
        found = corpus(Sources(mnist_train=lines(0, 200), mnist_test=lines(500, 40)), "held-out")
    finally:
        splits.MNIST_TUNE = cut
    assert len(found.train) == 150
    assert len(found.tune["mnist"]) == 50
    assert len(found.test["MNIST test"]) == 40
