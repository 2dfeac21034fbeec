"""What every format reads and writes: labelled drawings, and what could not be read."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

FOLDERS, IDX, UNIPEN, LABEL_STUDIO = "folders", "idx", "unipen", "label-studio"
READ = {
    FOLDERS: "folders 0 to 9 of pictures",
    IDX: "IDX, as MNIST",
    UNIPEN: "pen strokes in UNIPEN",
    LABEL_STUDIO: "Label Studio JSON",
}
"""The formats that can be read, by name."""
WRITTEN = {
    IDX: "IDX, as MNIST",
    FOLDERS: "folders 0 to 9 of pictures, with a CSV",
    LABEL_STUDIO: "Label Studio JSON",
}

DIGITS = "0123456789"
NO_DIGIT = "-"
"""The label of ink that is no digit."""
NO_DIGIT_FOLDER = "no-digit"
HOLDOUT = "holdout"


class BadFile(ValueError):
    """A file, or a whole source, that cannot be read; the message is one sentence."""


@dataclass(frozen=True)
class Item:
    """A drawing with its label: either ``strokes``, as the API takes them, or the bytes of a ``picture``.

    ``split`` and ``origin`` are empty where a source does not say; ``writer`` names whose hand it is.
    """

    name: str
    label: str
    strokes: dict[str, Any] | None = None
    picture: bytes | None = None
    glyph: bytes | None = None
    origin: str = ""
    split: str = ""
    writer: str = ""
    who: str = ""
    when: str = ""


@dataclass(frozen=True)
class Bad:
    """Something of a source that was passed over, and why."""

    name: str
    why: str


class Found(NamedTuple):
    """What a source holds: about how many entries, and the entries themselves, read as one goes along."""

    about: int
    entries: Iterator[Item | Bad]


@dataclass
class Written:
    """What an export holds, and what there is to say of it."""

    count: int = 0
    per_label: dict[str, int] = field(default_factory=dict)
    per_split: dict[str, int] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def add(self, item: Item) -> None:
        self.count += 1
        self.per_label[item.label] = self.per_label.get(item.label, 0) + 1
        self.per_split[item.split] = self.per_split.get(item.split, 0) + 1


# --- Ink as text -----------------------------------------------------------------------------------

DATA_URI = re.compile(r"data:image/[\w.+-]+;base64,")


def ink_text(item: Item) -> str:
    """The very ink of an item as one piece of text: strokes as JSON, a picture as a data URI."""
    if item.picture is None:
        return json.dumps(item.strokes, separators=(",", ":"))
    return data_uri(item.picture, "octet-stream")


def data_uri(picture: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def ink_of_text(text: str) -> dict[str, Any]:
    """``strokes`` or ``picture`` of an item, from such text. Raises ``BadFile``."""
    if text.startswith("data:"):
        return {"picture": picture_of_uri(text)}
    try:
        strokes = json.loads(text)
    except (ValueError, RecursionError):
        strokes = None
    if not isinstance(strokes, dict):
        raise BadFile("Its ink is neither strokes in JSON nor a picture.")
    return {"strokes": strokes}


def picture_of_uri(uri: str) -> bytes:
    start = DATA_URI.match(uri)
    try:
        return base64.b64decode(uri[start.end() :] if start else "?", validate=True)
    except (binascii.Error, ValueError):
        raise BadFile("Its picture is no data URI in base64.") from None
