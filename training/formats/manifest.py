"""samples.csv, which goes with exports: who labelled what, its split and origin, and ink that files lose."""

import csv
import sys
from collections.abc import Iterator
from io import StringIO
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from training.formats.files import Files
from training.formats.items import Bad, BadFile, Item, ink_of_text, ink_text

NAME = "samples.csv"
FIELDS = ["id", "label", "split", "origin", "who", "when", "file", "ink"]

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # ink may be long; files are bounded as a whole


class Writing:
    """Gathers the rows on disk, because a zip archive takes one entry after the other."""

    def __init__(self) -> None:
        self.file: BinaryIO = TemporaryFile()  # noqa: SIM115 (given to the archive)
        self._line = StringIO(newline="")
        self._csv = csv.writer(self._line, lineterminator="\n")
        self._put(FIELDS)

    def add(self, item: Item, file: str, with_ink: bool) -> None:
        """``with_ink`` when the file is not the very ink that was drawn."""
        ink = ink_text(item) if with_ink else ""
        self._put([item.name, item.label, item.split, item.origin, item.who, item.when, file, ink])

    def whole(self) -> BinaryIO:
        self.file.seek(0)
        return self.file

    def _put(self, row: list[str]) -> None:
        self._csv.writerow(row)
        self.file.write(self._line.getvalue().encode())
        self._line.seek(0)
        self._line.truncate()


class Rows:
    """The rows that go with a source, by the file they tell about; none when it has no samples.csv."""

    def __init__(self, files: Files) -> None:
        self.rows: dict[str, dict[str, str]] = {}
        self.used: set[str] = set()
        found = sorted((name for name in files.names if name.rpartition("/")[2] == NAME), key=len)
        if not found:
            return
        folder = found[0].removesuffix(NAME)
        try:
            reader = csv.DictReader(StringIO(files.read(found[0]).decode("utf-8-sig"), newline=""))
            for row in reader:
                if row.get("file"):
                    self.rows[folder + row["file"]] = {key: row.get(key) or "" for key in FIELDS}
        except (csv.Error, UnicodeDecodeError):
            raise BadFile(f"{found[0]} is no CSV file in UTF-8.") from None

    def told(self, file: str, label: str) -> dict[str, Any]:
        """What is told of a file, as fields of its item. Raises ``BadFile`` when that contradicts it."""
        row = self.rows.get(file)
        if row is None:
            return {}
        self.used.add(file)
        if row["label"] != label:
            raise BadFile(f"{NAME} gives it the label {row['label']!r}, its place says {label!r}.")
        told: dict[str, Any] = {key: row[key] for key in ("split", "origin", "who", "when")}
        return told | (ink_of_text(row["ink"]) if row["ink"] else {})

    def missing(self) -> Iterator[Bad]:
        """Rows whose file nobody asked for."""
        for file in sorted(self.rows.keys() - self.used):
            yield Bad(file, f"{NAME} tells about it, but it is not there.")
