"""From the boxes' readings to a phone number."""

import pytest

from recognition.reader.number import compose
from recognition.reader.reader import BLANK, BoxReading


def boxes(text: str, confidence: float = 0.9) -> list[BoxReading]:
    """A digit is read, "?" unreadable, a space blank."""
    made = {"?": BoxReading("unreadable", confidence=0.4), " ": BLANK}
    return [made.get(each) or BoxReading("read", digit=each, confidence=confidence) for each in text]


def test_an_international_number() -> None:
    number = compose(boxes("12125550123"))
    assert number.digits == "12125550123"
    assert number.e164 == "+12125550123"
    assert number.formatted == "+1 212-555-0123"
    assert number.valid
    assert number.region == "US"
    assert number.confidence == pytest.approx(0.9**11)
    assert number.suggestion is None


def test_a_national_number_needs_its_region() -> None:
    with_hint = compose(boxes("0446681800"), "CH")
    assert (with_hint.e164, with_hint.region, with_hint.valid) == ("+41446681800", "CH", True)
    assert with_hint.digits == "0446681800"
    assert not compose(boxes("0446681800")).valid


def test_the_region_may_be_in_small_letters_and_unknown_ones_are_ignored() -> None:
    assert compose(boxes("0446681800"), "ch").region == "CH"
    assert not compose(boxes("0446681800"), "XX").valid
    assert compose(boxes("12125550123"), "XX").valid


def test_international_comes_before_the_hint() -> None:
    assert compose(boxes("41446681800"), "US").region == "CH"


def test_two_zeros_stand_for_plus() -> None:
    assert compose(boxes("0041446681800")).e164 == "+41446681800"


def test_unreadable_boxes_leave_no_number() -> None:
    number = compose(boxes("1212555?123"))
    assert number.digits == "1212555?123"
    assert (number.e164, number.formatted, number.valid, number.region) == (None, None, False, None)
    assert number.confidence == pytest.approx(0.9**10 * 0.4)


def test_blank_boxes_are_nothing() -> None:
    assert compose(boxes(" 1212 5550123 ")).e164 == "+12125550123"
    assert compose(boxes(" 1212 5550123 ")).confidence == pytest.approx(0.9**11)


@pytest.mark.parametrize("text", ["", "   "])
def test_no_ink_at_all(text: str) -> None:
    number = compose(boxes(text))
    assert (number.digits, number.confidence, number.valid) == ("", None, False)


@pytest.mark.parametrize("text", ["7", "99", "000", "123456789012345", "0" * 15])
@pytest.mark.parametrize("region", [None, "US"])
def test_what_is_no_number_is_not_valid(text: str, region: str | None) -> None:
    number = compose(boxes(text), region)
    assert number.digits == text
    assert not number.valid
    assert number.region is None
