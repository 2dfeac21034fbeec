"""The trainings that `make bench-training` times, on few digits: both learn, and say what they reached."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from bench.plain_mnist import Race, ours, plain, report
from training.data import Drawings, offline


@pytest.fixture(autouse=True)
def _own_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def few() -> tuple[Drawings, Drawings]:
    every = offline()
    order = np.arange(len(every))
    return every.at(order[order % 8 == 0]), every.at(order[order % 40 == 1])


def test_both_stop_when_they_read_enough() -> None:
    data, judged = few()
    for race in (
        plain(data, judged, 4, 1, wanted=0.5),
        ours("feed-forward-42", data, judged, 12, 1, wanted=0.5),
    ):
        assert race.accuracy >= 0.5
        assert race.seconds is not None
        assert race.prepared <= race.seconds
        assert 1 <= race.epochs < 12


def test_a_goal_that_is_not_reached_is_said_so() -> None:
    data, judged = few()
    race = ours("feed-forward-15", data, judged, 1, 1, wanted=1.1)
    assert (race.seconds, race.epochs) == (None, 1)
    text = report([Race("plain PyTorch", 50.0, 4, 0.991), Race("lenet", 20.0, 2, 0.992, 5.0), race], 2)
    assert "0.40" in text
    assert "not reached" in text
