"""Made hands write legibly, each in its own manner."""

from collections import Counter

import numpy as np
import pytest
import torch

from recognition.reader.glyph import glyph
from recognition.reader.ink import Strokes
from recognition.reader.reader import Reader
from recognition.registry import SHIPPED
from training.allographs import ALLOGRAPHS
from training.handwriting import SIDE, Hand, hand, write
from training.render import scan


def drawn(ink: Strokes) -> np.ndarray:
    made = glyph(ink)
    assert made is not None
    return made.astype(float)


@pytest.fixture(scope="module")
def hands() -> list[Hand]:
    random = np.random.default_rng(1)
    return [hand(random) for _ in range(150)]


def test_the_same_seed_writes_the_same() -> None:
    one, other = (np.random.default_rng(5) for _ in range(2))
    first, second = write(hand(one), 4, one), write(hand(other), 4, other)
    assert all(np.array_equal(a, b) for a, b in zip(first.strokes, second.strokes, strict=True))


def test_every_form_of_every_digit_is_somebodys(hands: list[Hand]) -> None:
    used = Counter((digit, form) for each in hands for digit, form in enumerate(each.forms))
    assert set(used) == {(digit, form) for digit, forms in ALLOGRAPHS.items() for form in forms}


def test_ink_stays_on_its_canvas(hands: list[Hand]) -> None:
    random = np.random.default_rng(2)
    for each in hands[:40]:
        for digit in range(10):
            points = np.concatenate(write(each, digit, random).strokes)
            assert points.min() >= 0
            assert points.max() <= SIDE


def test_a_hand_writes_more_like_itself_than_like_another(hands: list[Hand]) -> None:
    random = np.random.default_rng(3)
    nearer = 0
    for one, other in zip(hands[:60], hands[60:120], strict=True):
        digit = int(random.integers(10))
        mine, again, theirs = (drawn(write(each, digit, random)) for each in (one, one, other))
        nearer += bool(np.abs(mine - again).sum() < np.abs(mine - theirs).sum())
    assert nearer > 50


def test_who_bars_a_seven_is_mostly_who_flags_a_one(hands: list[Hand]) -> None:
    barred = {"barred", "serif and bar"}
    flagging = [each.forms[7] in barred for each in hands if each.forms[1] == "long flag"]
    plain = [each.forms[7] in barred for each in hands if each.forms[1] == "stick"]
    assert np.mean(flagging) > 0.7
    assert np.mean(plain) < 0.4


def test_the_shipped_reader_reads_what_they_write(hands: list[Hand]) -> None:
    torch.set_num_threads(1)
    reader = Reader(SHIPPED.read_bytes())
    random = np.random.default_rng(4)
    inks = [(write(each, digit, random), digit) for each in hands[:50] for digit in range(10)]
    pens = reader.read([ink for ink, _digit in inks])
    scans = reader.read([scan(ink, random) for ink, _digit in inks])
    for readings in (pens, scans):
        right = [found.digit == str(digit) for found, (_ink, digit) in zip(readings, inks, strict=True)]
        assert np.mean(right) > 0.95
