"""IDX, the format of MNIST: pairs of files, images and labels. Exports carry samples.csv beside them."""

import gzip
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from training.formats import manifest
from training.formats.files import Files, NewArchive, unpacked
from training.formats.items import HOLDOUT, NO_DIGIT, Bad, BadFile, Found, Item, Written

IMAGES = re.compile(r"(?P<set>(.*/)?[^/]*?)-?images[-.]idx3-ubyte(\.gz)?$")
TEST_SETS = ("t10k", "test")
SPLITS = {"train": "train", HOLDOUT: "t10k"}
"""The set, as MNIST names it, of each split."""


def parse(data: bytes) -> NDArray[np.uint8]:
    """An IDX file of bytes, gzipped or not: two zeros, type 8, the number of dimensions, their sizes, the
    bytes. Raises ``BadFile``."""
    data = unpacked(data)
    dimensions = data[3] if len(data) > 3 else 0
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions)]
    size = 4 + 4 * dimensions + int(np.prod([float(side) for side in shape]))
    if data[:3] != b"\0\0\x08" or not 1 <= dimensions <= 3 or len(data) != size:
        raise BadFile("It is no complete IDX file of bytes.")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def read(files: Files) -> Found:
    rows = manifest.Rows(files)
    pairs, bad, names = [], list(files.bad), set(files.names)
    for name, images_of in [(name, IMAGES.match(name)) for name in files.names]:
        if images_of is None:
            continue
        labels_name = re.sub(r"images([-.])idx3", r"labels\1idx1", name)
        others = [labels_name, labels_name.removesuffix(".gz"), f"{labels_name}.gz"]
        found = next((other for other in others if other in names), None)
        if found is None:
            bad.append(Bad(name, f"There are no labels {labels_name} beside it."))
            continue
        try:
            images, labels = parse(files.read(name)), parse(files.read(found))
            if images.ndim != 3 or labels.shape != images.shape[:1] or 0 in images.shape[1:]:
                raise BadFile("It and its labels are no pair of one label an image.")
        except BadFile as error:
            bad.append(Bad(name, str(error)))
            continue
        is_test = images_of["set"].rpartition("/")[2].startswith(TEST_SETS)
        pairs.append((name, images, labels, HOLDOUT if is_test else ""))
    return Found(sum(len(pair[1]) for pair in pairs), _entries(pairs, bad, rows))


def _entries(
    pairs: list[tuple[str, NDArray[np.uint8], NDArray[np.uint8], str]], bad: list[Bad], rows: manifest.Rows
) -> Iterator[Item | Bad]:
    yield from bad
    for name, images, labels, split in pairs:
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            where = f"{name}#{number}"
            if label > 9:
                yield Bad(where, f"Its label {label} is no digit.")
                continue
            try:
                told = rows.told(where, str(label))
            except BadFile as error:
                yield Bad(where, str(error))
                continue
            ink = {} if "strokes" in told or "picture" in told else {"picture": pgm(image)}
            yield Item(where, str(label), **({"split": split} | ink | told))
    yield from rows.missing()


def pgm(image: NDArray[np.uint8]) -> bytes:
    """Grey pixels as a picture file; unlike PNG, its bytes depend on no library's version."""
    height, width = image.shape
    return b"P5 %d %d 255\n" % (width, height) + image.tobytes()


def write(items: Iterable[Item], file: BinaryIO) -> Written:
    """Glyphs, those of the holdout as MNIST's test set. What was drawn stays whole in samples.csv alone."""
    written, left_out = Written(), 0
    glyphs = {split: bytearray() for split in SPLITS}
    labels = {split: bytearray() for split in SPLITS}
    rows = manifest.Writing()
    for item in items:
        if item.label == NO_DIGIT:
            left_out += 1
            continue
        assert item.glyph is not None
        rows.add(item, f"{_name(item.split, 'images')}#{len(labels[item.split])}", with_ink=True)
        glyphs[item.split] += item.glyph
        labels[item.split].append(int(item.label))
        written.add(item)
    archive = NewArchive(file)
    for split in SPLITS:
        count = len(labels[split])
        for what, shape, data in [("images", (count, 28, 28), glyphs), ("labels", (count,), labels)]:
            packed = gzip.compress(_header(shape) + bytes(data[split]), mtime=0)
            archive.add(_name(split, what), packed, packed=False)
    archive.add(manifest.NAME, rows.whole())
    archive.close()
    if left_out:
        written.words.append(
            f"{left_out} with the label {NO_DIGIT} (no digit) are left out: IDX has digits only."
        )
    return written


def _name(split: str, what: str) -> str:
    return f"{SPLITS[split]}-{what}-idx{3 if what == 'images' else 1}-ubyte.gz"


def _header(shape: tuple[int, ...]) -> bytes:
    return bytes([0, 0, 8, len(shape)]) + b"".join(side.to_bytes(4, "big") for side in shape)
