"""Pen strokes in UNIPEN text, as UCI's pendigits has them: boxes of 500x500."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from training.formats.files import Files, unpacked
from training.formats.items import DIGITS, Bad, BadFile, Found, Item

SIDE = 500.0
BRUSH = SIDE * 4 / 50
"""UNIPEN holds no width of the pen: this is the tutorial's brush."""


@dataclass
class Segment:
    """A digit: UNIPEN's y points up, here it points down. ``why`` says why it cannot be read."""

    number: int
    label: str
    writer: int = 0
    strokes: list[list[tuple[float, float]]] = field(default_factory=list)
    why: str = ""


def segments(text: str) -> Iterator[Segment]:
    """`.SEGMENT DIGIT i ? "8"` starts a digit, `.COMMENT d w n` names its writer, strokes follow."""
    found: Segment | None = None
    down = False
    number = 0
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == ".SEGMENT":
            if found is not None:
                yield found
            found, down = Segment(number, words[-1].strip('"')), False
            number += 1
        elif found is None:
            continue
        elif words[0] == ".COMMENT" and len(words) == 4 and words[2].isdigit():
            found.writer = int(words[2])
        elif words[0] == ".PEN_DOWN":
            down = True
            found.strokes.append([])
        elif words[0].startswith("."):
            down = False
        elif down:
            try:
                found.strokes[-1].append((float(words[0]), SIDE - float(words[1])))
            except (ValueError, IndexError):
                found.why = f"The line {line.strip()[:40]!r} is no point."
    if found is not None:
        yield found


def read(files: Files) -> Found:
    count, texts, bad = 0, [], list(files.bad)
    for name in files.names:
        try:
            text = unpacked(files.read(name)).decode("ascii", "replace")
        except BadFile as error:
            bad.append(Bad(name, str(error)))
            continue
        digits = text.count(".SEGMENT")
        if not digits:
            bad.append(Bad(name, "It holds no .SEGMENT of UNIPEN."))
            continue
        count += digits
        texts.append((name, text))
    return Found(count, _entries(texts, bad))


def _entries(texts: list[tuple[str, str]], bad: list[Bad]) -> Iterator[Item | Bad]:
    yield from bad
    for name, text in texts:
        for segment in segments(text):
            where = f"{name}#{segment.number}"
            strokes = [stroke for stroke in segment.strokes if stroke]
            why = segment.why
            if len(segment.label) != 1 or segment.label not in DIGITS:
                why = f"Its label {segment.label[:20]!r} is no digit."
            elif not strokes:
                why = why or "It has no strokes."
            if why:
                yield Bad(where, why)
                continue
            paths = [[[_short(x), _short(y)] for x, y in stroke] for stroke in strokes]
            box = {"strokes": paths, "width": int(SIDE), "height": int(SIDE), "brush": int(BRUSH)}
            writer = f"{name.rpartition('/')[2]}, writer {segment.writer}" if segment.writer else ""
            yield Item(where, segment.label, strokes=box, writer=writer)


def _short(value: float) -> float:
    return int(value) if value.is_integer() else value
