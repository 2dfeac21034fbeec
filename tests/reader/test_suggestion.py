"""Digits that are no valid number get the most probable valid number as a suggestion, found exactly."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.reader.number import compose
from recognition.reader.reader import BLANK, BoxReading
from recognition.reader.suggest import by_probability, most_probable


def box(**chances: float) -> BoxReading:
    """A box read as its likeliest digit: box(d1=0.6, d7=0.4)."""
    row = [0.0] * 10
    for name, chance in chances.items():
        row[int(name[1])] = chance
    best = int(np.argmax(row))
    return BoxReading("read", str(best), row[best], probabilities=tuple(row))


def boxes(digits: str) -> list[BoxReading]:
    return [box(**{f"d{digit}": 1.0}) for digit in digits]


def test_a_valid_number_needs_no_suggestion() -> None:
    number = compose(boxes("12125550123"))
    assert number.valid
    assert number.suggestion is None


def test_the_box_in_doubt_is_named() -> None:
    doubtful = box(d7=0.7, d1=0.3)  # an area code does not begin with 1
    readings = [*boxes("1"), box(d1=0.6, d2=0.4), *boxes("12555012"), doubtful]
    number = compose(readings)
    assert number.digits == "11125550127"
    assert not number.valid
    suggestion = number.suggestion
    assert suggestion is not None
    assert suggestion.digits == "12125550127"
    assert (suggestion.e164, suggestion.formatted) == ("+12125550127", "+1 212-555-0127")
    assert suggestion.changed == (2,)
    assert suggestion.confidence == pytest.approx(0.4 * 0.7)


def test_positions_count_blank_boxes_too() -> None:
    readings = [*boxes("1"), BLANK, box(d1=0.6, d2=0.4), *boxes("125550123")]
    suggestion = compose(readings).suggestion
    assert suggestion is not None
    assert suggestion.changed == (3,)


def test_an_unreadable_box_is_suggested_by_what_it_may_be() -> None:
    unreadable = BoxReading("unreadable", None, 0.4, probabilities=(0.3, 0, 0.4, 0, 0, 0.3, 0, 0, 0, 0))
    number = compose([*boxes("1"), unreadable, *boxes("125550123")])
    assert number.digits == "1?125550123"
    assert number.suggestion is not None
    assert number.suggestion.digits == "12125550123"
    assert number.suggestion.changed == (2,)


def test_what_is_far_from_any_valid_number_gets_none() -> None:
    assert compose(boxes("00000000000")).suggestion is None
    assert compose(boxes("12")).suggestion is None


def test_the_region_makes_national_numbers_valid() -> None:
    readings = [*boxes("0446681"), box(d8=0.9, d3=0.1), *boxes("00")]
    assert compose(readings, "CH").valid
    wrong = [*boxes("0"), box(d0=0.6, d4=0.4), *boxes("46681800")]
    suggestion = compose(wrong, "CH").suggestion
    assert suggestion is not None
    assert suggestion.e164 == "+41446681800"


rows = st.lists(st.floats(0.0, 1.0), min_size=10, max_size=10).filter(lambda row: sum(row) > 0.1)


@settings(max_examples=40, deadline=None)
@given(st.lists(rows, min_size=1, max_size=3), st.integers(0, 999))
def test_the_search_finds_what_looking_at_every_reading_finds(grid: list[list[float]], salt: int) -> None:
    grid = [[value / sum(row) for value in row] for row in grid]

    def valid(digits: str) -> bool:
        return hash((int(digits), salt)) % 7 == 0

    every = {
        "".join(map(str, digits)): math.prod(row[digit] for row, digit in zip(grid, digits, strict=True))
        for digits in itertools.product(range(10), repeat=len(grid))
    }
    good = {digits: p for digits, p in every.items() if p >= 1e-3 and valid(digits)}
    found = most_probable(grid, valid)
    if found is None:
        assert not [p for p in good.values() if p > 1.001e-3]
    else:
        assert found[1] == pytest.approx(max(good.values()))
        assert every[found[0]] == pytest.approx(found[1])


def test_readings_come_once_each_and_best_first() -> None:
    grid = [[0.5, 0.3, 0.2] + [0.0] * 7] * 4
    found = list(by_probability(grid, 1e-3))
    assert len(found) == len({digits for digits, _p in found}) == 81
    chances = [p for _digits, p in found]
    assert chances == sorted(chances, reverse=True)
