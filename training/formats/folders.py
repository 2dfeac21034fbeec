"""Folders 0/ to 9/ of pictures, as the tutorial and torchvision's ImageFolder know them, with samples.csv."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from recognition.reader.ink import FORMATS, parse_strokes
from training.formats import manifest
from training.formats.files import MAX_PICTURE, Files, NewArchive
from training.formats.items import (
    DIGITS,
    HOLDOUT,
    NO_DIGIT,
    NO_DIGIT_FOLDER,
    Bad,
    BadFile,
    Found,
    Item,
    Written,
)
from training.render import Style, draw

ENDINGS = {
    "PNG": "png",
    "JPEG": "jpg",
    "MPO": "jpg",
    "WEBP": "webp",
    "BMP": "bmp",
    "TIFF": "tif",
    "PPM": "ppm",
}
"""The formats that ImageFolder knows as well, by Pillow's names; others are written as PNG."""
TEST_FOLDERS = {"test", "testing", "t10k", HOLDOUT}
"""What lies in a folder of such a name judges, and is never trained on."""
SIDE = 140
"""Of the pictures that are made of strokes."""


def read(files: Files) -> Found:
    rows = manifest.Rows(files)
    names = [name for name in files.names if name.rpartition("/")[2] != manifest.NAME]
    return Found(len(names), _entries(files, names, rows))


def _entries(files: Files, names: list[str], rows: manifest.Rows) -> Iterator[Item | Bad]:
    yield from files.bad
    for name in names:
        folders = name.split("/")[:-1]
        label = label_of(folders[-1]) if folders else None
        if label is None:
            yield Bad(name, f"It is not in a folder 0 to 9 or {NO_DIGIT_FOLDER}.")
            continue
        writer = folders[-2] if len(folders) > 1 and folders[-2].startswith("writer") else ""
        split = HOLDOUT if TEST_FOLDERS & {folder.lower() for folder in folders} else ""
        try:
            picture = files.read(name, MAX_PICTURE)
            told = rows.told(name, label)
        except BadFile as error:
            yield Bad(name, str(error))
            continue
        ink = {} if "strokes" in told else {"picture": picture}
        yield Item(name, label, **({"writer": writer, "split": split} | ink | told))
    yield from rows.missing()


def label_of(folder: str) -> str | None:
    if folder in (NO_DIGIT_FOLDER, NO_DIGIT):
        return NO_DIGIT
    return folder if len(folder) == 1 and folder in DIGITS else None


def write(items: Iterable[Item], file: BinaryIO) -> Written:
    """A picture's bytes are kept. Strokes become a picture, and stay whole in samples.csv alone."""
    written, drawn = Written(), 0
    archive, rows = NewArchive(file), manifest.Writing()
    for item in items:
        data, ending = picture_of(item)
        drawn += item.picture is None
        name = f"{NO_DIGIT_FOLDER if item.label == NO_DIGIT else item.label}/{item.name.zfill(8)}.{ending}"
        archive.add(name, data, packed=False)
        rows.add(item, name, with_ink=data != item.picture)
        written.add(item)
    archive.add(manifest.NAME, rows.whole())
    archive.close()
    if drawn:
        written.words.append(
            f"{drawn} were drawn as strokes: as pictures they lose them, {manifest.NAME} keeps them."
        )
    if absent := [digit for digit in DIGITS if digit not in written.per_label]:
        written.words.append(
            f"No drawing has the label {', '.join(absent)}: ImageFolder numbers the folders that are there."
        )
    return written


def picture_of(item: Item) -> tuple[bytes, str]:
    """An item's picture, and the ending of its name: its own bytes wherever others can read them."""
    if item.picture is None:
        return drawing(item), "png"
    with Image.open(BytesIO(item.picture), formats=FORMATS) as image:
        if image.format in ENDINGS:
            return item.picture, ENDINGS[image.format]
        return as_png(image.convert("RGBA" if image.has_transparency_data else "RGB")), "png"


def drawing(item: Item) -> bytes:
    """A PNG of strokes, black on white: their canvas, or what they cover when they leave it."""
    strokes = parse_strokes(item.strokes or {})
    inside = all(
        (path >= 0).all() and (path <= (strokes.width, strokes.height)).all() for path in strokes.strokes
    )
    brush = max(1.0, strokes.brush * SIDE / max(strokes.width, strokes.height))
    fits = brush < SIDE / 2
    style = Style(side=SIDE, brush=brush if fits else SIDE / 10, fit=None if inside and fits else 0.9)
    return as_png(Image.fromarray(draw(strokes, style).grey))


def as_png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
