"""From the boxes' readings to a phone number. Validity is advice: it never changes what was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import phonenumbers
from phonenumbers import PhoneNumberFormat

from recognition.reader.suggest import most_probable

FEWEST_DIGITS = 5
"""Fewer boxes than this are no number that somebody meant to be valid."""


class Reading(Protocol):
    """What is needed of a box's reading (`reader.BoxReading` without importing torch)."""

    @property
    def state(self) -> str: ...
    @property
    def digit(self) -> str | None: ...
    @property
    def confidence(self) -> float | None: ...
    @property
    def probabilities(self) -> Sequence[float] | None: ...


@dataclass(frozen=True)
class Suggestion:
    """The most probable valid number near digits that are none; `changed` are positions of boxes, from 1."""

    digits: str
    e164: str
    formatted: str
    confidence: float
    changed: tuple[int, ...]


@dataclass(frozen=True)
class Number:
    """A number as read.

    `digits` has a digit for each read box, "?" for each unreadable one and nothing for blank ones; `e164`
    ("+12125550123") and `formatted` ("+1 212-555-0123") are None when that is no parsable number;
    `region` is a valid number's ISO 3166-1 alpha-2 code; `confidence` is the probability that all digits
    are right, None without ink; `suggestion` is there when the digits are no valid number but near one.
    """

    digits: str
    e164: str | None = None
    formatted: str | None = None
    valid: bool = False
    region: str | None = None
    confidence: float | None = None
    suggestion: Suggestion | None = None


def compose(readings: Sequence[Reading], region: str | None = None) -> Number:
    """The number that the boxes' readings make, in order; `region` hints at where national numbers belong."""
    inked = [reading for reading in readings if reading.state != "blank"]
    digits = "".join(reading.digit or "?" for reading in inked)
    confidence: float | None = None
    if inked:
        confidence = 1.0
        for reading in inked:
            confidence *= reading.confidence or 0.0
    number = _parse(digits, region) if digits and "?" not in digits else None
    if number is None:
        return Number(digits, confidence=confidence, suggestion=_suggest(readings, region))
    valid = phonenumbers.is_valid_number(number)
    return Number(
        digits,
        e164=phonenumbers.format_number(number, PhoneNumberFormat.E164),
        formatted=phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        valid=valid,
        region=(phonenumbers.region_code_for_number(number) if valid else None),
        confidence=confidence,
        suggestion=None if valid else _suggest(readings, region),
    )


def _suggest(readings: Sequence[Reading], region: str | None) -> Suggestion | None:
    inked = [(at, one) for at, one in enumerate(readings, 1) if one.probabilities is not None]
    if len(inked) < FEWEST_DIGITS:
        return None
    found = most_probable([one.probabilities or () for _at, one in inked], partial(_is_valid, region=region))
    if found is None:
        return None
    digits, confidence = found
    number = _parse(digits, region)
    if number is None:  # never: it was parsed to be found valid
        return None
    return Suggestion(
        digits,
        e164=phonenumbers.format_number(number, PhoneNumberFormat.E164),
        formatted=phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        confidence=confidence,
        changed=tuple(at for (at, one), digit in zip(inked, digits, strict=True) if one.digit != digit),
    )


def _is_valid(digits: str, region: str | None) -> bool:
    number = _parse(digits, region)
    return number is not None and phonenumbers.is_valid_number(number)


def _parse(digits: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    """The first valid way to take the digits, else the first that parses: international, then national."""
    ways: list[tuple[str, str | None]] = [("+" + digits, None)]
    if digits.startswith("00"):  # the prefix that most of the world dials for "+"
        ways.append(("+" + digits[2:], None))
    if region and region.upper() in phonenumbers.SUPPORTED_REGIONS:
        ways.append((digits, region.upper()))
    parsed = []
    for text, where in ways:
        try:
            number = phonenumbers.parse(text, where)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return number
        parsed.append(number)
    return parsed[0] if parsed else None
