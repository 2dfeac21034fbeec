"""Archives from strangers: nothing is laid on a disk, what is bad is named, bombs are refused."""

import gzip
import stat
import zipfile
from io import BytesIO

import pytest

from tests.transfers.conftest import ANNA, picture, taken_in
from tests.transfers.zips import zipped
from training.formats import files
from training.formats.files import source
from training.formats.items import BadFile
from training.incoming import Report, made, open_as
from training.models import Sample

pytestmark = pytest.mark.django_db


def with_entry(change: object, data: bytes = b"x") -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        entry = zipfile.ZipInfo("7/bad.png")
        change(entry)  # type: ignore[operator]
        archive.writestr(entry, data)
        archive.writestr("7/good.png", picture("7"))
    return file.getvalue()


def name(text: str) -> object:
    return lambda entry: setattr(entry, "filename", text)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (name("../7/bad.png"), "points out"),
        (name("/7/bad.png"), "points out"),
        (name("C:/7/bad.png"), "points out"),
        (lambda entry: setattr(entry, "external_attr", (stat.S_IFLNK | 0o777) << 16), "link"),
        (lambda entry: setattr(entry, "compress_type", zipfile.ZIP_LZMA), "packed in a way"),
        (lambda entry: None, "no picture"),
        (name("seven/bad.png"), "not in a folder 0 to 9"),
    ],
)
def test_a_bad_entry_is_named_and_passed_over(change: object, why: str) -> None:
    report = taken_in("folders", with_entry(change))
    assert report.taken == 1
    assert [why in bad["why"] for bad in report.bad] == [True]
    assert "bad.png" in report.bad[0]["name"]


def test_a_damaged_entry_costs_itself_alone() -> None:
    data = with_entry(lambda entry: None, picture("3"))
    at = data.index(picture("3")[40:80])
    report = taken_in("folders", data[:at] + b"\0" * 8 + data[at + 8 :])
    assert report.taken == 1
    assert report.bad == [{"name": "7/bad.png", "why": "It is damaged in the archive."}]


def test_a_blank_picture_is_no_sample() -> None:
    from PIL import Image

    from tests.drawing import as_bytes

    blank = as_bytes(Image.new("L", (50, 50), 255))
    report = taken_in("folders", zipped({"1/a.png": blank, "1/b.png": picture("1")}))
    assert report.taken == 1
    assert report.bad == [{"name": "1/a.png", "why": "There is no ink to label."}]


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"PK\x03\x04 and then nothing", zipped({"7/a.png": picture("7")})[:-40]],
    ids=["empty", "two letters", "nonsense", "cut"],
)
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile):
        taken_in("folders", data)
    assert not Sample.objects.exists()


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_TOTAL", 10 * 2**20)
    bomb = zipped({f"7/{n}.png": b"\0" * 4 * 2**20 for n in range(3)})
    assert len(bomb) < 20_000
    with pytest.raises(BadFile, match="would unpack to more than 10 MB"):
        source("bomb.zip", bomb)


def test_a_picture_that_is_too_large_is_not_read() -> None:
    report = taken_in("folders", zipped({"7/a.png": b"\0" * 9 * 2**20, "7/b.png": picture("7")}))
    assert (report.taken, report.bad) == (1, [{"name": "7/a.png", "why": "It is larger than 8 MB."}])


def test_an_entry_that_lies_about_its_size_is_not_read_further() -> None:
    bomb = zipped({"7/a.png": b"\0" * 9 * 2**20})
    lying = bomb.replace((9 * 2**20).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    with pytest.raises(BadFile, match="damaged"):
        source("bomb.zip", lying).read("7/a.png")


def test_too_many_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ENTRIES", 5)
    with pytest.raises(BadFile, match="more than 5 entries"):
        source("many.zip", zipped({f"7/{n}": b"" for n in range(6)}))


def test_a_gzip_bomb_in_idx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE", 2**20)
    monkeypatch.setattr(files.unpacked, "__defaults__", (2**20,))
    bomb = gzip.compress(b"\0" * 4 * 2**20)
    with pytest.raises(BadFile, match="larger than 1 MB"):
        taken_in("idx", zipped({"a-images-idx3-ubyte.gz": bomb, "a-labels-idx1-ubyte.gz": bomb}))


def test_strict_takes_all_or_nothing() -> None:
    data = zipped({"1/a.png": picture("1"), "7/b.png": b"no picture"})
    found = open_as("folders", source("x.zip", data))
    with pytest.raises(BadFile, match=r"7/b\.png: This is no picture"):
        list(made(found.entries, ANNA, Report(), strict=True))


def test_nothing_of_the_format_is_an_error_of_its_own() -> None:
    for format_name in ("folders", "idx", "unipen", "label-studio"):
        with pytest.raises(BadFile):
            taken_in(format_name, zipped({"readme.txt": b"hello"} if format_name == "unipen" else {}))
