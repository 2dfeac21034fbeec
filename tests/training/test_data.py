"""Data as it lies on disk becomes ink with labels and writers."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest

from recognition.reader.ink import Picture, Strokes
from tests.drawing import as_bytes, picture_of
from training import data
from training.data import MissingData

UNIPEN = """.INCLUDE dene.doc
.LEXICON "0" "1"
.SEGMENT DIGIT    0 ? "8"
.COMMENT 8 12  224
.PEN_DOWN
 267  333
 267  336
.PEN_UP
.PEN_DOWN
 10 500
.PEN_UP
.DT 100
.SEGMENT DIGIT    1 ? "0"
.COMMENT 0 3  225
.PEN_DOWN
 1  2
.PEN_UP
"""


def test_unipen() -> None:
    found = data.parse_unipen(UNIPEN)
    assert found.labels.tolist() == [8, 0]
    assert found.writers.tolist() == [12, 3]
    first = found.inks[0]
    assert isinstance(first, Strokes)
    # Its y points up in a box of 500: it is turned over.
    assert [stroke.tolist() for stroke in first.strokes] == [[[267, 167], [267, 164]], [[10, 0]]]
    assert (first.width, first.height) == (500, 500)


@pytest.mark.parametrize(
    "pack", [str.encode, lambda text: gzip.compress(text.encode())], ids=["plain", "gzip"]
)
def test_pendigits_file(tmp_path: Path, pack: object) -> None:
    (tmp_path / "pens").write_bytes(pack(UNIPEN))  # type: ignore[operator]
    assert len(data.pendigits(tmp_path / "pens")) == 2


def write_idx(folder: Path, name: str, values: np.ndarray, packed: bool) -> None:
    head = bytes([0, 0, 8, values.ndim]) + b"".join(side.to_bytes(4, "big") for side in values.shape)
    body = head + values.astype(np.uint8).tobytes()
    path = folder / (name + ".gz" if packed else name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(body) if packed else body)


def write_mnist(folder: Path, packed: bool = True, count: int = 6) -> np.ndarray:
    images = np.random.default_rng(2).integers(0, 256, (count, 28, 28))
    for part in ("train", "t10k"):
        write_idx(folder, f"{part}-images-idx3-ubyte", images, packed)
        write_idx(folder, f"{part}-labels-idx1-ubyte", np.arange(count), packed)
    return images


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("train", [True, False])
def test_mnist_from_idx(tmp_path: Path, packed: bool, train: bool) -> None:
    images = write_mnist(tmp_path, packed)
    found = data.mnist(tmp_path, train)
    assert found.labels.tolist() == [0, 1, 2, 3, 4, 5]
    ink = found.inks[3]
    assert isinstance(ink, Picture)
    assert np.array_equal(ink.grey, images[3])


def test_mnist_as_torchvision_keeps_it(tmp_path: Path) -> None:
    images = write_mnist(tmp_path / "MNIST" / "raw", packed=False)
    found = data.mnist(tmp_path, train=True)
    assert np.array_equal(found.inks[5].grey, images[5])  # type: ignore[union-attr]


def test_damaged_and_missing_mnist(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="no MNIST"):
        data.mnist(tmp_path, train=True)
    write_mnist(tmp_path, packed=False)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(MissingData, match="complete"):
        data.mnist(tmp_path, train=True)


def write_paper(folder: Path) -> None:
    for writer, digit in ((1, 7), (11, 2)):
        place = folder / f"writer-{writer:02}" / str(digit)
        place.mkdir(parents=True)
        (place / "0001.png").write_bytes(as_bytes(picture_of(str(digit))))


def test_paper_from_folders_and_zip(tmp_path: Path) -> None:
    write_paper(tmp_path / "scans")
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        for path in (tmp_path / "scans").glob("**/*.png"):
            archive.write(path, path.relative_to(tmp_path / "scans"))
    for place in (tmp_path / "scans", tmp_path / "scans.zip"):
        found = data.paper(place)
        assert found.labels.tolist() == [7, 2]
        assert found.writers.tolist() == [1, 11]
    assert len(data.paper(tmp_path / "scans").of(frozenset({11}))) == 1


def test_a_folder_with_some_of_it(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="no folder"):
        data.sources(tmp_path / "nowhere")
    with pytest.raises(MissingData, match="no data"):
        data.sources(tmp_path)
    write_paper(tmp_path / "paper-digits")
    assert data.sources(tmp_path).mnist_train is None
    write_mnist(tmp_path / "mnist")
    found = data.sources(tmp_path)
    assert found.mnist_train is not None
    assert found.paper is not None
    assert found.pendigits is None


def test_offline_digits() -> None:
    found = data.offline()
    assert len(found) == 5000
    assert np.bincount(found.labels).tolist() == [500] * 10
