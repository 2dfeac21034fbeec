"""The whole of `make bench-reading` on made writers: tables, marks and pictures."""

from pathlib import Path

import pytest
from PIL import Image

from bench.judge import answers, figures_of
from bench.reading import bench
from bench.report import Aim
from bench.sheet import errors_of, in_kinds
from tests.bench.drawn import Toy, drawings
from training.unseen import MNIST, PAPER, PENS, PENS_DOTTED, Unseen


def sets() -> dict[str, Unseen]:
    names = (MNIST, PENS, PENS_DOTTED, PAPER)
    return {name: Unseen(name, drawings(writers=(1, 2))) for name in names}


def toy() -> Toy:
    return Toy(mistakes={(1, 1): 7, (8, 2): 3}, refuses=frozenset({(5, 2)}), confidence=0.97)


def steady(text: str) -> str:
    """The tables without the times."""
    kept = [line for line in text.splitlines() if " ms " not in line]
    return "\n".join(kept).split("## Time")[0]


def test_the_report_and_its_pictures(tmp_path: Path) -> None:
    text = bench(toy(), sets(), tmp_path, ["A toy."], count=10, timed=2)
    assert (tmp_path / "reading.md").read_text() == text
    assert "A toy." in text
    assert "| MNIST (this one network)" in text
    assert text.count("85.00%") >= 4  # 34 of 40 in each set
    for name in ("errors.png", "errors-dotted.png", "reliability.png", "confusion.png"):
        with Image.open(tmp_path / name) as picture:
            assert min(picture.size) > 200
    again = bench(toy(), sets(), tmp_path / "again", ["A toy."], count=10, timed=2)
    assert steady(again) == steady(text)
    other = bench(toy(), sets(), tmp_path / "other", ["A toy."], seed=2, count=10, timed=2)
    assert steady(other) != steady(text)


def test_what_is_missing_is_left_out(tmp_path: Path) -> None:
    text = bench(toy(), {MNIST: sets()[MNIST]}, tmp_path, [], count=5, timed=1)
    assert "MNIST" in text
    assert "Whole numbers" not in text
    assert "paper" not in text


def test_all_errors_are_on_the_sheet_by_kind() -> None:
    drawn = sets()[PENS]
    found = answers(toy(), drawn)
    kinds = in_kinds(errors_of(found, drawn))
    assert sum(map(len, kinds)) == round(40 * (1 - figures_of(found).right)) == 6
    assert sorted(kind[0].kind for kind in kinds) == ["1 → 7", "5 → (5)", "8 → 3"]
    assert {(error.truth, error.writer) for kind in kinds for error in kind} == {(1, 1), (5, 2), (8, 2)}


@pytest.mark.parametrize(
    ("value", "least", "reached"), [(0.99, False, True), (0.97, False, False), (0.97, True, True)]
)
def test_marks(value: float, least: bool, reached: bool) -> None:
    assert Aim("", value, 0.98, None, least=least).reached(0.98) is reached
