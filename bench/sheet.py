"""The contact sheet of errors: every wrong answer as a person can look at it, ink beside glyph."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bench.judge import Answers
from recognition.reader.ink import Ink
from training.unseen import Unseen, as_picture

SIDE = 140  # of a picture on the sheet, in pixels
GAP = 8
TEXT = 62
COLUMNS = 6
BANDS = ("#ffffff", "#e6edf5")


@dataclass(frozen=True, eq=False)
class Error:
    """A wrong answer: what was drawn, what was read ("-" for blank; in brackets when refused)."""

    ink: Ink
    glyph: NDArray[np.uint8]
    truth: int
    read: str
    confidence: float
    writer: int
    place: str

    @property
    def kind(self) -> str:
        return f"{self.truth} → {self.read}"


def errors_of(found: Answers, drawn: Unseen) -> list[Error]:
    """All drawings of a set that were not read right, refused ones among them."""
    errors = []
    for index in np.flatnonzero(~found.right):
        best = int(found.best[index])
        read = "-" if best < 0 else f"({best})" if found.refused[index] else str(best)
        errors.append(
            Error(
                drawn.ink(int(index)),
                found.glyphs[index],
                int(found.labels[index]),
                read,
                float(found.confidence[index]),
                int(found.writers[index]),
                drawn.name,
            )
        )
    return errors


def in_kinds(errors: Sequence[Error]) -> list[list[Error]]:
    """Errors by kind, the most frequent kind first; within a kind by set, the surest first."""
    counts = Counter(error.kind for error in errors)
    kinds = sorted(counts, key=lambda kind: (-counts[kind], kind))
    order = sorted(errors, key=lambda error: (error.place, -error.confidence, error.writer))
    return [[error for error in order if error.kind == kind] for kind in kinds]


def contact_sheet(errors: Sequence[Error], title: str, path: Path) -> None:
    """Write a PNG of all errors; kinds follow each other on bands of two colours."""
    large, small = _font(24), _font(13)
    wide, high = 2 * SIDE + 3 * GAP, SIDE + TEXT
    rows = max(1, -(-len(errors) // COLUMNS))
    sheet = Image.new("RGB", (COLUMNS * wide, 56 + rows * high), "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((GAP, 12), title, fill="black", font=large)
    place = 0
    for number, kind in enumerate(in_kinds(errors)):
        for rank, error in enumerate(kind):
            x, y = place % COLUMNS * wide, 56 + place // COLUMNS * high
            pen.rectangle((x, y, x + wide - 1, y + high - 1), fill=BANDS[number % 2])
            heading = f"{error.kind}    {error.confidence:.0%}"
            pen.text((x + GAP, y + 3), heading, fill="#a01010", font=large)
            if rank == 0:
                pen.text((x + wide - GAP, y + 10), f"{len(kind)} of these", "#444444", small, anchor="ra")
            about = f"{error.place}, writer {error.writer}"
            pen.text((x + GAP, y + 34), about, fill="#444444", font=small)
            sheet.paste(_tile(as_picture(error.ink).grey), (x + GAP, y + TEXT - GAP))
            sheet.paste(_tile(error.glyph), (x + SIDE + 2 * GAP, y + TEXT - GAP))
            place += 1
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _tile(grey: NDArray[np.uint8]) -> Image.Image:
    """A picture within SIDE x SIDE, its pixels kept square and sharp when enlarged, on grey."""
    image = Image.fromarray(grey)
    scale = SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    kind = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    tile = Image.new("RGB", (SIDE, SIDE), "#8899aa")
    tile.paste(image.resize(size, kind).convert("RGB"), ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    ImageDraw.Draw(tile).rectangle((0, 0, SIDE - 1, SIDE - 1), outline="#8899aa")
    return tile


def _font(size: int) -> ImageFont.FreeTypeFont:
    """A font that has arrows and that is there on every machine: matplotlib brings it."""
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)
