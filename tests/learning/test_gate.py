"""The gate compares candidate and active model on the same samples and says in a sentence why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.gate import Paired, mcnemar, verdict


def pair(name: str, count: int, before: int, gained: int, lost: int) -> Paired:
    return Paired(name, count, before, before + gained - lost, gained, lost)


def test_a_candidate_that_reads_everything_as_well_passes() -> None:
    found = verdict([pair("MNIST", 500, 496, 2, 2), pair("reviewed holdout", 60, 40, 18, 1)])
    assert found.passed
    assert "reviewed holdout 66.67% to 95.00% (18 gained, 1 lost of 60)" in found.sentence


def test_a_loss_on_one_set_is_not_made_up_for_by_a_gain_on_another() -> None:
    found = verdict([pair("made pens", 600, 590, 1, 30), pair("reviewed holdout", 60, 40, 19, 0)])
    assert not found.passed
    assert "made pens" in found.sentence
    assert "reviewed holdout" not in found.sentence


def test_a_small_loss_that_may_be_an_accident_passes() -> None:
    assert verdict([pair("MNIST", 500, 496, 2, 4)]).passed


def test_a_loss_that_is_no_accident_is_refused_unless_it_is_tiny() -> None:
    assert not verdict([pair("MNIST", 10_000, 9_950, 2, 20)]).passed
    assert verdict([pair("MNIST", 100_000, 99_500, 2, 20)]).passed


def test_without_samples_nothing_passes() -> None:
    assert not verdict([]).passed
    assert not verdict([pair("reviewed holdout", 0, 0, 0, 0)]).passed


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [(0, 0, 1.0), (0, 5, 1 / 32), (1, 9, 11 / 1024), (5, 5, 638 / 1024)],
)
def test_mcnemars_exact_test(gained: int, lost: int, p: float) -> None:
    assert mcnemar(gained, lost) == pytest.approx(p)


@given(st.integers(0, 200), st.integers(0, 200))
def test_its_probability_falls_with_every_loss(gained: int, lost: int) -> None:
    assert 0 < mcnemar(gained, lost) <= 1
    assert mcnemar(gained, lost + 1) <= mcnemar(gained, lost)
