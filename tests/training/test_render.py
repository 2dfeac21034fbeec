"""Drawings made for training look like what pages send, and augmentation varies without ruining."""

import cv2
import numpy as np
import pytest
import torch

from recognition.reader.glyph import glyph
from recognition.reader.ink import Picture, Strokes
from tests.reader.hand import HAND, strokes
from tests.reader.test_glyph import apart
from training.augment import augment
from training.render import PAGE, Style, draw, random_style, renderings, spaced


def test_the_tutorials_page() -> None:
    drawn = draw(strokes("1"), PAGE).grey
    assert drawn.shape == (50, 50)
    assert drawn[0, 0] == 255
    assert drawn[25, 25] == 0
    widths = (255 - drawn.astype(float)).sum(axis=1)[15:35] / 255
    assert float(widths.mean()) == pytest.approx(4, abs=0.8)


def test_rough_edges_are_black_or_white() -> None:
    assert set(np.unique(draw(strokes("3"), Style(smooth=False)).grey)) == {0, 255}


def test_dots_are_apart() -> None:
    drawn = draw(strokes("1", brush=5), Style(side=100, brush=5, spacing=2.0)).grey
    parts = cv2.connectedComponents((drawn < 128).astype(np.uint8))[0] - 1
    assert parts >= 5


def test_spaced_keeps_both_ends() -> None:
    path = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]])
    points = spaced(path, 4.0)
    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [10, 10]
    assert len(points) == 6
    assert spaced(np.array([[3.0, 4.0]]), 4.0).tolist() == [[3, 4], [3, 4]]


@pytest.mark.parametrize("digit", sorted(HAND))
def test_every_style_gives_the_digits_glyph(digit: str) -> None:
    random = np.random.default_rng(4)
    wanted = glyph(strokes(digit))
    assert wanted is not None
    styles = [random_style(random) for _ in range(25)]
    far = 0
    for style in styles:
        made = glyph(draw(strokes(digit), style))
        assert made is not None
        far += apart(wanted, made) > 0.6
    assert far <= 5  # small drawings with fat brushes and sparse dots differ; most must not


def test_renderings_begin_with_what_is_tested() -> None:
    inks = renderings(strokes("7"), 5, np.random.default_rng(1))
    assert len(inks) == 5
    assert isinstance(inks[0], Strokes)
    assert isinstance(inks[1], Picture)
    assert np.array_equal(inks[1].grey, draw(strokes("7"), PAGE).grey)


def batch() -> torch.Tensor:
    made = [glyph(strokes(digit)) for digit in sorted(HAND)]
    return torch.from_numpy(np.stack([each for each in made if each is not None])).unsqueeze(1).float()


def test_no_augmentation_changes_nothing() -> None:
    assert torch.equal(augment(batch(), 0.0, torch.Generator().manual_seed(1)), batch())


def test_augmentation_varies_but_keeps_the_digit() -> None:
    plain = batch()
    varied = augment(plain, 1.0, torch.Generator().manual_seed(1))
    assert varied.shape == plain.shape
    assert float(varied.min()) >= 0
    assert float(varied.max()) < 255.1
    for one, other in zip(plain, varied, strict=True):
        difference = float((one - other).abs().sum() / one.sum())
        assert 0.05 < difference < 1.6
    again = augment(plain, 1.0, torch.Generator().manual_seed(1))
    assert torch.equal(varied, again)


def test_augmentation_never_flips() -> None:
    """Over many draws the varied 7 stays nearer to the 7 than to its mirror images."""
    seven = batch()[sorted(HAND).index("7")][None].repeat(200, 1, 1, 1)
    mean = augment(seven, 1.0, torch.Generator().manual_seed(2)).mean(dim=0)
    apart_from = [
        float((mean - other).abs().sum()) for other in (seven[0], seven[0].flip(2), seven[0].flip(1))
    ]
    assert apart_from[0] < 0.8 * min(apart_from[1:])
