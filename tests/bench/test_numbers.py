"""Whole numbers: valid, in the digits of one writer, and judged as the number that somebody meant."""

import numpy as np
import phonenumbers
import pytest

from bench.numbers import NumberAnswer, Written, number_figures, read_numbers, write_numbers
from tests.bench.drawn import Toy, drawings
from training.unseen import Unseen

SWISS = "41446681800"


def written(seed: int = 1, count: int = 30) -> list[Written]:
    return write_numbers(drawings(writers=(1, 2, 3)), count, np.random.default_rng(seed))


def test_numbers_are_valid_and_in_the_digits_of_one_writer() -> None:
    drawn = drawings(writers=(1, 2, 3))
    numbers = written()
    for number in numbers:
        assert phonenumbers.is_valid_number(phonenumbers.parse("+" + number.digits))
        chosen = drawn.at(np.array(number.drawings))
        assert "".join(map(str, chosen.labels)) == number.digits
        assert set(chosen.writers) == {number.writer}
    assert {number.writer for number in numbers} == {1, 2, 3}


def test_no_drawing_twice_while_others_are_left() -> None:
    for number in written():
        for digit in set(number.digits):
            used = [i for i, d in zip(number.drawings, number.digits, strict=True) if d == digit]
            assert len(set(used)) == min(len(used), 2)  # each writer has drawn each digit twice


def test_the_seed_decides() -> None:
    assert written(1) == written(1)
    assert written(1) != written(2)


def test_a_writer_who_lacks_a_digit_writes_no_number() -> None:
    drawn = drawings(writers=(1, 2))
    lacking = drawn.at(np.flatnonzero(~((drawn.writers == 2) & (drawn.labels == 4))))
    assert {number.writer for number in write_numbers(lacking, 20, np.random.default_rng(1))} == {1}
    with pytest.raises(ValueError, match="ten digits"):
        write_numbers(drawn.at(np.arange(5)), 1, np.random.default_rng(1))


def test_numbers_are_read_as_one_submission_each() -> None:
    toy = Toy()
    drawn = Unseen("toy", drawings(writers=(1, 2, 3)))
    found = read_numbers(toy, drawn, written(count=5))
    assert [len(each) for each in toy.submissions] == [11] * 5
    assert all(each.right and each.valid for each in found)
    assert found[0].confidence == pytest.approx(0.91**11)


def test_a_refused_digit_makes_the_number_wrong() -> None:
    drawn = drawings(writers=(1,))
    number = Written(SWISS, 1, tuple(2 * int(digit) for digit in SWISS))
    (found,) = read_numbers(Toy(refuses=frozenset({(0, 1)})), Unseen("toy", drawn), [number])
    assert found.digits == "414466818??"
    assert not found.right


def answer(digits: str, confidence: float, valid: bool, suggested: str | None, writer: int) -> NumberAnswer:
    return NumberAnswer(SWISS, writer, digits, confidence, valid, suggested, 0.001)


def test_figures_of_known_answers() -> None:
    found = number_figures([
        answer(SWISS, 0.96, True, None, 1),
        answer(SWISS, 0.96, True, None, 1),
        answer("41446681807", 0.96, True, None, 2),  # wrong, and nobody can tell
        answer("41046681800", 0.30, False, SWISS, 2),
        answer("41046681800", 0.30, False, "41346681800", 2),
        answer("4104668180?", 0.30, False, None, 2),
    ])  # fmt: skip
    assert found.right == pytest.approx(2 / 6)
    assert (found.not_valid, found.suggested, found.suggested_right) == (3, 2, 1)
    assert found.with_suggestions == pytest.approx(3 / 6)
    assert found.confidence == pytest.approx(0.63)
    assert found.ece == pytest.approx((3 * (0.96 - 2 / 3) + 3 * 0.30) / 6)
    assert found.by_writers == (0.0, 1.0)
