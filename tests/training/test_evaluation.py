"""Figures, checked against values worked out by hand."""

import numpy as np
import pytest
import torch

from training.evaluation import calibration_error, figures, fit_temperature, table, wilson, wrong_at_coverage


def test_wilson() -> None:
    low, high = wilson(95, 100)
    assert (low, high) == pytest.approx((0.8882, 0.9785), abs=2e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == 1.0
    assert wilson(10, 10)[0] == pytest.approx(0.7225, abs=2e-4)


def test_calibration_error() -> None:
    right = np.array([True] * 9 + [False])
    assert calibration_error(np.full(10, 0.9), right) == pytest.approx(0.0)
    assert calibration_error(np.full(10, 1.0), right) == pytest.approx(0.1)
    # Two bins that err in opposite ways do not cancel.
    mixed = calibration_error(np.array([0.55, 0.55, 0.95, 0.95]), np.array([True, True, False, False]))
    assert mixed == pytest.approx(0.5 * 0.45 + 0.5 * 0.95)


def test_wrong_at_coverage() -> None:
    confidence = np.linspace(1, 0, 100)
    right = np.ones(100, dtype=bool)
    right[[2, 97, 98]] = False
    assert wrong_at_coverage(confidence, right, 0.95) == pytest.approx(1 / 95)
    assert wrong_at_coverage(confidence, right, 1.0) == pytest.approx(3 / 100)


@pytest.mark.parametrize("true_scale", [0.5, 1.0, 2.5])
def test_the_temperature_is_found(true_scale: float) -> None:
    random = torch.Generator().manual_seed(1)
    logits = torch.randn(20_000, 10, generator=random) * 3
    labels = torch.multinomial(torch.softmax(logits, dim=1), 1, generator=random)[:, 0]
    assert fit_temperature(logits * true_scale, labels) == pytest.approx(true_scale, rel=0.05)


def test_figures_and_their_table() -> None:
    probabilities = np.full((4, 10), 0.02)
    probabilities[np.arange(4), [1, 2, 3, 4]] = 0.82
    row = figures(probabilities, np.array([1, 2, 3, -1]))
    assert (row.count, row.accuracy) == (4, 0.75)
    assert row.low < 0.75 < row.high
    assert "75.00%" in table({"four": row})
