"""The shipped weights read what they should, and the reader says what it knows."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

import recognition
from recognition.reader.ink import Ink, Picture, Strokes, parse_strokes
from recognition.reader.networks import build
from recognition.reader.reader import BLANK, Reader
from recognition.reader.weights import pack
from tests.drawing import mnist
from tests.reader.hand import HAND, picture, strokes

SHIPPED = Path(recognition.__file__).parent / "weights" / "wide-vgg.safetensors"


@cache
def shipped() -> Reader:
    return Reader(SHIPPED.read_bytes())


def accuracy(inks: list[Ink], labels: list[str]) -> float:
    readings = shipped().read(inks)
    best = [str(int(np.argmax(each.probabilities))) if each.probabilities else None for each in readings]
    return float(np.mean([one == other for one, other in zip(best, labels, strict=True)]))


def test_shipped_weights_read_mnist() -> None:
    pixels, labels = mnist()
    some = slice(None, None, 5)
    assert accuracy([Picture(each) for each in pixels[some]], [str(each) for each in labels[some]]) > 0.99


def test_shipped_weights_read_black_on_white_at_any_size() -> None:
    from PIL import Image

    pixels, labels = mnist()
    large = [
        Picture(np.asarray(Image.fromarray(255 - each).resize((150, 150), Image.Resampling.BICUBIC)))
        for each in pixels[::25]
    ]
    assert accuracy(large, [str(each) for each in labels[::25]]) > 0.98


@pytest.mark.parametrize("digit", sorted(HAND))
def test_shipped_weights_read_a_plain_hand(digit: str) -> None:
    ways: list[Ink] = [strokes(digit), picture(strokes(digit, 2.8)), picture(strokes(digit, 0.5, brush=8))]
    for reading in shipped().read(ways):
        assert reading.state == "read"
        assert reading.digit == digit
        assert reading.confidence is not None
        assert reading.confidence > 0.8


def test_shipped_weights_say_what_they_are() -> None:
    assert shipped().architecture == "wide-vgg"
    assert shipped().temperature != 1.0
    assert len(shipped().sha256) == 64


def test_a_reading_holds_together() -> None:
    reading = shipped().read([strokes("7")])[0]
    assert reading.probabilities is not None
    assert len(reading.probabilities) == 10
    assert 0.95 < sum(reading.probabilities) <= 1.000001  # the rest is for "no digit"
    assert reading.confidence == max(reading.probabilities) == reading.probabilities[7]
    assert all(digit != "7" for digit, _ in reading.alternatives)
    confidences = [confidence for _, confidence in reading.alternatives]
    assert confidences == sorted(confidences, reverse=True)
    assert len(confidences) <= 3
    assert reading.glyph is not None
    assert reading.glyph.shape == (28, 28)


def test_blank_boxes_keep_their_places() -> None:
    blank = parse_strokes({"strokes": []})
    white = Picture(np.full((50, 50), 255, np.uint8))
    readings = shipped().read([blank, strokes("1"), white, strokes("7")])
    assert [each.state for each in readings] == ["blank", "read", "blank", "read"]
    assert [each.digit for each in readings] == [None, "1", None, "7"]
    assert readings[0] == BLANK
    assert (BLANK.confidence, BLANK.probabilities, BLANK.glyph) == (None, None, None)


def test_nothing_to_read() -> None:
    assert shipped().read([]) == []
    assert [each.state for each in shipped().read([Strokes(())])] == ["blank"]


def test_boxes_read_alike_alone_and_together() -> None:
    inks = [strokes(digit) for digit in sorted(HAND)]
    together = shipped().read(inks)
    for ink, reading in zip(inks, together, strict=True):
        alone = shipped().read([ink])[0]
        assert alone.digit == reading.digit
        assert alone.probabilities == pytest.approx(reading.probabilities, abs=1e-5)


def test_below_the_threshold_nothing_is_bet_on() -> None:
    network = build("feed-forward-15")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    reader = Reader(pack(network, {"architecture": "feed-forward-15", "least_confidence": "0.2"}))
    reading = reader.read([strokes("1")])[0]
    assert (reading.state, reading.digit) == ("unreadable", None)
    assert reading.confidence == pytest.approx(0.1)
    assert len(reading.alternatives) == 3
    sure = Reader(pack(network, {"architecture": "feed-forward-15", "least_confidence": "0.05"}))
    assert sure.read([strokes("1")])[0].state == "read"


def test_temperature_softens() -> None:
    network = build("lenet")
    sharp, soft = (
        Reader(pack(network, {"architecture": "lenet", "temperature": each})).read([strokes("3")])[0]
        for each in ("0.5", "4")
    )
    assert sharp.confidence is not None
    assert soft.confidence is not None
    assert sharp.confidence > soft.confidence
