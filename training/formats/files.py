"""Files of a source, wherever they lie: in a folder, in a zip archive, or one alone.

Archives may come from strangers. Nothing of them is ever laid on a disk: entries are read by name, one at a
time, up to a limit. Names that point elsewhere, links and encrypted entries are passed over; an archive
that would unpack to more than ``MAX_TOTAL``, or has more than ``MAX_ENTRIES``, is refused whole.
"""

import gzip
import stat
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

from training.formats.items import Bad, BadFile

MAX_ENTRIES = 200_000
MAX_TOTAL = 1024 * 2**20
MAX_FILE = 512 * 2**20
MAX_PICTURE = 8 * 2**20
"""Bytes of one picture: what a submission may hold."""

CENTRAL = b"PK\x01\x02"
"""What each entry of an archive's directory begins with."""
CLUTTER = {"__MACOSX", "Thumbs.db", "desktop.ini"}


class Files(Protocol):
    """Named files to read. ``bad`` lists what was refused when the source was opened."""

    names: list[str]
    bad: list[Bad]

    def read(self, name: str, limit: int = MAX_FILE) -> bytes:
        """A file's bytes; raises ``BadFile`` when it is larger than ``limit`` or cannot be read."""


class OneFile:
    """A file alone."""

    def __init__(self, name: str, data: bytes) -> None:
        self.names, self.bad, self.data = [name], [], data  # type: tuple[list[str], list[Bad], bytes]

    def read(self, name: str, limit: int = MAX_FILE) -> bytes:
        return bounded(self.data, limit)


class Folder:
    """A folder and those below it; links are not followed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bad: list[Bad] = []
        found = (each for each in path.rglob("*") if not each.is_symlink() and each.is_file())
        names = (each.relative_to(path).as_posix() for each in found)
        self.names = sorted(name for name in names if not is_clutter(name))

    def read(self, name: str, limit: int = MAX_FILE) -> bytes:
        try:
            with (self.path / name).open("rb") as file:
                return bounded(file.read(limit + 1), limit)
        except OSError as error:
            raise BadFile(f"It cannot be read: {error.strerror}.") from None


class Archive:
    """A zip archive; raises ``BadFile`` for what is none, or is too large."""

    def __init__(self, source: bytes | Path) -> None:
        if isinstance(source, bytes) and source.count(CENTRAL) > MAX_ENTRIES:
            raise BadFile(f"The archive has more than {MAX_ENTRIES} entries.")
        try:
            self.zip = zipfile.ZipFile(BytesIO(source) if isinstance(source, bytes) else source)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise BadFile("It is no zip archive, or a damaged one.") from None
        entries = [entry for entry in self.zip.infolist() if not entry.is_dir()]
        if len(entries) > MAX_ENTRIES:
            raise BadFile(f"The archive has more than {MAX_ENTRIES} entries.")
        if sum(entry.file_size for entry in entries) > MAX_TOTAL:  # zipfile reads no more than it says here
            raise BadFile(f"The archive would unpack to more than {MAX_TOTAL // 2**20} MB.")
        self.bad: list[Bad] = []
        self.entries: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            name = entry.filename
            if is_clutter(name):
                continue
            if why := self._refused(entry):
                self.bad.append(Bad(name, why))
            else:
                self.entries[name] = entry
        self.names = sorted(self.entries)

    def read(self, name: str, limit: int = MAX_FILE) -> bytes:
        entry = self.entries[name]
        if entry.file_size > limit:
            raise BadFile(f"It is larger than {limit // 2**20} MB.")
        try:
            return self.zip.read(entry)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError):
            raise BadFile("It is damaged in the archive.") from None

    def _refused(self, entry: zipfile.ZipInfo) -> str:
        parts = entry.filename.split("/")
        if entry.filename.startswith("/") or ".." in parts or "\\" in entry.filename or ":" in parts[0]:
            return "Its name points out of the archive."
        if stat.S_ISLNK(entry.external_attr >> 16):
            return "It is a link."
        if entry.flag_bits & 1:
            return "It is encrypted."
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return "It is packed in a way that is not read here: only stored and deflated entries are."
        if entry.filename in self.entries:
            return "Another entry has the same name."
        return ""


def source(name: str, data: bytes) -> Files:
    """An uploaded file: an archive, or one alone. Raises ``BadFile``."""
    is_archive = data.startswith(b"PK") or name.lower().endswith(".zip")
    return Archive(data) if is_archive else OneFile(name, data)


def source_at(path: Path) -> Files:
    """A folder, an archive or a file of this machine. Raises ``BadFile``."""
    if path.is_dir():
        return Folder(path)
    try:
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                return Archive(path)
            file.seek(0)
            return OneFile(path.name, bounded(file.read(MAX_FILE + 1), MAX_FILE))
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None


def is_clutter(name: str) -> bool:
    """What systems leave in folders, and nobody means to send."""
    return any((part.startswith(".") and part != "..") or part in CLUTTER for part in name.split("/"))


def bounded(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise BadFile(f"It is larger than {limit // 2**20} MB.")
    return data


def unpacked(data: bytes, limit: int = MAX_FILE) -> bytes:
    """The contents of a gzip file, or what is no gzip file as it is. Raises ``BadFile``."""
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as file:
            return bounded(file.read(limit + 1), limit)
    except (OSError, EOFError, zlib.error):
        raise BadFile("It is a damaged gzip file.") from None


class NewArchive:
    """A zip archive to write. The same entries give the same bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self.zip = zipfile.ZipFile(file, "w")

    def add(self, name: str, data: bytes | BinaryIO, packed: bool = True) -> None:
        """Add an entry; ``packed`` when it is worth packing."""
        entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        entry.create_system, entry.external_attr = 3, 0o644 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        with self.zip.open(entry, "w", force_zip64=not isinstance(data, bytes)) as out:
            if isinstance(data, bytes):
                out.write(data)
            else:
                while part := data.read(2**20):
                    out.write(part)

    def close(self) -> None:
        self.zip.close()
