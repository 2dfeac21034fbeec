"""Imports: from a source's entries to samples, and what there is to report of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from recognition.reader.ink import BadInk
from training import samples
from training.formats.files import Files
from training.formats.items import HOLDOUT, Bad, BadFile, Found, Item
from training.formats.known import READERS
from training.models import Sample
from training.samples import TEST, Blank, Reviewer, split_of

NAMED = 200
"""So many of what was passed over are named in a report; the rest is counted."""
LONGEST_ORIGIN = 200


@dataclass
class Report:
    """What became of an import."""

    taken: int = 0
    known: int = 0
    per_label: dict[str, int] = field(default_factory=dict)
    per_split: dict[str, int] = field(default_factory=dict)
    bad: list[dict[str, str]] = field(default_factory=list)
    bad_count: int = 0

    def passed_over(self, bad: Bad) -> None:
        self.bad_count += 1
        if len(self.bad) < NAMED:
            self.bad.append({"name": bad.name[:300], "why": bad.why})

    def taken_in(self, given: int, added: list[Sample]) -> None:
        self.taken += len(added)
        self.known += given - len(added)
        for sample in added:
            self.per_label[sample.digit] = self.per_label.get(sample.digit, 0) + 1
            self.per_split[sample.split] = self.per_split.get(sample.split, 0) + 1

    def words(self) -> str:
        """One line."""
        text = f"{self.taken} taken in ({self.per_split.get(HOLDOUT, 0)} of them to judge by)"
        if self.known:
            text += f", {self.known} were there already"
        if self.bad_count:
            text += f", {self.bad_count} passed over"
        return text + "."


def open_as(format_name: str, files: Files) -> Found:
    """The entries of a source. Raises ``BadFile`` when there is nothing of that format in it."""
    found = READERS[format_name](files)
    if not found.about:
        bad = next(found.entries, None)
        if isinstance(bad, Bad):
            raise BadFile(f"{bad.name}: {bad.why}")
        raise BadFile("There is nothing of this format in it.")
    return found


def made(
    entries: Iterable[Item | Bad],
    reviewer: Reviewer,
    report: Report,
    strict: bool,
    step: Callable[[], object] = lambda: None,
) -> Iterator[tuple[Sample, str]]:
    """Samples of a source's entries, each with the name of who labelled it; the others go into the report.

    When ``strict``, raises ``BadFile`` for the first of those instead. ``step`` is called for each entry.
    """
    for entry in entries:
        step()
        found = sample_of(entry) if isinstance(entry, Item) else entry
        if isinstance(found, Sample):
            assert isinstance(entry, Item)
            yield found, by(entry.who, reviewer)
        elif strict:
            raise BadFile(f"{found.name}: {found.why}")
        else:
            report.passed_over(found)


def sample_of(item: Item) -> Sample | Bad:
    try:
        origin = origin_of(item)
        return samples.imported(origin, item.label, strokes=item.strokes, picture=item.picture)
    except (BadInk, Blank, BadFile) as error:
        return Bad(item.name, str(error))


def origin_of(item: Item) -> str:
    """Where a drawing comes from: what the source says, else its writer, else the picture itself.

    What a source sets aside to judge by is never trained on here, either. Raises ``BadFile``.
    """
    if item.origin:
        origin = item.origin
    elif item.writer:
        origin = f"import:{item.writer}"
    else:
        ink = item.picture if item.picture is not None else repr(item.strokes).encode()
        origin = f"import:{sha256(ink).hexdigest()[:32]}"
    if item.split == HOLDOUT and split_of(origin) != HOLDOUT:
        origin = f"{TEST}{origin}"
    if len(origin) > LONGEST_ORIGIN:
        raise BadFile(f"Its origin is longer than {LONGEST_ORIGIN} letters.")
    return origin


def by(who: str, reviewer: Reviewer) -> str:
    """Who labelled a drawing, when a source tells, and who brought it here."""
    before = who.partition(" (import by ")[0].strip()
    return f"{before} (import by {reviewer.name})" if before and before != reviewer.name else reviewer.name


def as_json(report: Report) -> dict[str, Any]:
    return {**vars(report), "words": report.words()}
