"""A network that was taught to refuse says "unreadable" of ink that is no digit."""

import numpy as np
import pytest
import torch
from torch import nn

from recognition.reader.networks import NO_DIGIT, build, for_serving, predict
from recognition.reader.reader import Reader
from recognition.reader.weights import pack
from tests.reader.hand import HAND, strokes


def reader_that_prefers(output: int, logit: float) -> Reader:
    """A small-vgg whose answer is the same for every glyph."""
    network = build("small-vgg")
    last = network[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.zero_()
        last.bias.zero_()
        last.bias[output] = logit
    return Reader(pack(network, {"architecture": "small-vgg"}))


@pytest.fixture
def drawn() -> list[object]:
    return [strokes(digit) for digit in HAND]


def test_ink_that_is_no_digit_is_unreadable_but_has_a_best_guess(drawn: list[object]) -> None:
    for reading in reader_that_prefers(NO_DIGIT, 5.0).read(drawn):  # type: ignore[arg-type]
        assert (reading.state, reading.digit) == ("unreadable", None)
        assert reading.confidence is not None
        assert reading.confidence < 0.1
        assert reading.alternatives[0][1] == reading.confidence
        assert reading.probabilities is not None
        assert len(reading.probabilities) == 10
        assert sum(reading.probabilities) < 0.1


def test_the_network_that_serves_is_the_one_that_was_trained() -> None:
    torch.manual_seed(1)
    network = build("small-vgg")
    for layer in network:
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 2)
            nn.init.normal_(layer.bias)
            layer.running_mean = torch.randn(layer.num_features)
            layer.running_var = torch.rand(layer.num_features) + 0.5
    glyphs = torch.randint(0, 256, (7, 28, 28), dtype=torch.uint8)
    served = predict(for_serving(network.eval()), glyphs)
    assert torch.allclose(served, predict(network, glyphs), atol=1e-4)


def test_a_digit_is_read_and_its_certainty_leaves_room_for_no_digit(drawn: list[object]) -> None:
    for reading in reader_that_prefers(4, 5.0).read(drawn):  # type: ignore[arg-type]
        assert (reading.state, reading.digit) == ("read", "4")
        expected = np.exp(5.0) / (np.exp(5.0) + 10)
        assert reading.confidence == pytest.approx(expected, abs=1e-4)
        assert sum(reading.probabilities or ()) == pytest.approx(1 - 1 / (np.exp(5.0) + 10), abs=1e-4)


def test_a_doubt_between_two_digits_is_no_reason_to_refuse(drawn: list[object]) -> None:
    network = build("small-vgg")
    last = network[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.zero_()
        last.bias.zero_()
        last.bias[1] = last.bias[7] = 6.0
        last.bias[1] += 0.01
    for reading in Reader(pack(network, {"architecture": "small-vgg"})).read(drawn):  # type: ignore[arg-type]
        assert (reading.state, reading.digit) == ("read", "1")
        assert reading.confidence is not None
        assert reading.confidence < 0.51
        assert reading.alternatives[0][0] == "7"
