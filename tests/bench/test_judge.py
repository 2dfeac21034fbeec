"""Figures of a set, on a toy reader whose answers are known."""

import numpy as np
import pytest

from bench.judge import answers, figures_of, together
from tests.bench.drawn import Toy, drawings
from training.evaluation import coverage_at_error, over_writers
from training.unseen import Unseen


def test_figures_of_known_answers() -> None:
    """Of 40 digits one writer's two 1s are read as 7 and the other's two 5s are refused, though guessed."""
    toy = Toy(mistakes={(1, 1): 7}, refuses=frozenset({(5, 2)}), confidence=0.91)
    found = figures_of(answers(toy, Unseen("toy", drawings())))
    assert (found.count, found.writers) == (40, 2)
    assert found.right == pytest.approx(36 / 40)
    assert found.guessed == pytest.approx(38 / 40)
    assert found.refused == pytest.approx(2 / 40)
    assert found.ece == pytest.approx(0.95 - 0.91)
    assert found.wilson[0] < 0.9 < found.wilson[1]
    assert found.by_writers == (pytest.approx(0.9), pytest.approx(0.9))  # each writer lost two


def test_every_box_is_a_submission_of_its_own() -> None:
    toy = Toy()
    answers(toy, Unseen("toy", drawings()))
    assert [len(each) for each in toy.submissions] == [1] * 40


def test_sets_together_keep_their_writers_apart() -> None:
    one = answers(Toy(), Unseen("one", drawings(writers=(1,))))
    assert len(np.unique(together([one, one]).writers)) == 2


def test_coverage_at_error() -> None:
    confidence = np.linspace(1, 0.5, 1000)
    right = np.ones(1000, dtype=bool)
    right[[400, 600]] = False
    assert coverage_at_error(confidence, right, 0.001) == pytest.approx(0.4)
    assert coverage_at_error(confidence, right, 0.0018) == pytest.approx(0.6)
    assert coverage_at_error(confidence, right, 0.01) == 1.0
    # No threshold tells equal confidences apart.
    assert coverage_at_error(np.full(4, 0.9), np.array([True, True, True, False]), 0.1) == 0.0
    assert coverage_at_error(np.zeros(0), np.zeros(0, dtype=bool), 0.1) == 0.0


def test_an_interval_over_writers_is_wider_where_writers_differ() -> None:
    writers = np.repeat([1, 2, 3, 4], 100)
    alike = np.tile(np.arange(100) >= 10, 4)
    differ = np.concatenate([np.ones(300, dtype=bool), np.arange(100) >= 40])
    same = over_writers(alike, writers, np.random.default_rng(1))
    wide = over_writers(differ, writers, np.random.default_rng(1))
    assert same == (pytest.approx(0.9), pytest.approx(0.9))
    assert wide is not None
    assert wide[0] < 0.82
    assert wide[1] == 1.0
    assert over_writers(alike[:100], writers[:100], np.random.default_rng(1)) is None
