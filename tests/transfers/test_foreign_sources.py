"""Drawings that other programs laid down: folders, IDX, UNIPEN, Label Studio."""

import base64
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.test_data import UNIPEN, write_idx
from tests.transfers.conftest import ANNA, glyphs, picture, taken_in, written
from tests.transfers.zips import zipped
from training import samples
from training.formats.files import source_at
from training.incoming import Report, made, open_as
from training.models import Sample

pytestmark = pytest.mark.django_db


def from_disk(format_name: str, path: Path) -> Report:
    report = Report()
    batch = list(made(open_as(format_name, source_at(path)).entries, ANNA, report, strict=False))
    report.taken_in(len(batch), samples.take_in_all(batch, ANNA))
    return report


def test_the_tutorials_folders_in_an_archive_or_on_disk(tmp_path: Path) -> None:
    files = {f"digits/{digit}/{n}.png": picture(digit, n) for digit in "0123456789" for n in range(3)}
    assert taken_in("folders", zipped(files | {"digits/7/.DS_Store": b"?"})).per_label == dict.fromkeys(
        "0123456789", 3
    )
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    report = from_disk("folders", tmp_path)
    assert (report.taken, report.known, report.bad) == (0, 30, [])


def test_the_same_picture_has_the_same_split_whatever_it_is_called() -> None:
    first = {f"7/{n}.png": picture("7", n) for n in range(12)}
    taken_in("folders", zipped(first))
    splits = dict(Sample.objects.values_list("ink_sha256", "split"))
    Sample.objects.all().delete()
    taken_in("folders", zipped({f"other/7/x{n}.png": data for n, data in enumerate(first.values())}))
    assert dict(Sample.objects.values_list("ink_sha256", "split")) == splits
    assert len(set(splits.values())) == 2


def test_what_somebody_set_aside_to_judge_by_is_not_trained_on(tmp_path: Path) -> None:
    taken_in("folders", zipped({f"test/7/{n}.png": picture("7", n) for n in range(9)}))
    for name, digits in {"t10k": "0123456789", "train": "9876543210"}.items():
        write_idx(tmp_path / name, f"{name}-images-idx3-ubyte", glyphs(digits), packed=True)
        write_idx(tmp_path / name, f"{name}-labels-idx1-ubyte", np.array([*map(int, digits)]), packed=True)
    assert from_disk("idx", tmp_path / "t10k").per_split == {"holdout": 10}
    assert Sample.objects.filter(split="holdout").count() == 19
    report = from_disk("idx", tmp_path)
    assert (report.taken, report.known, report.bad) == (10, 10, [])
    assert report.per_split["train"] > 0


def test_a_split_that_the_origin_does_not_give_never_moves_a_judge_into_training() -> None:
    origin = next(f"pens:{n}" for n in range(99) if samples.split_of(f"pens:{n}") == "train")
    table = f"label,split,origin,file\n7,holdout,{origin},7/a.png\n"
    taken_in("folders", zipped({"7/a.png": picture("7"), "samples.csv": table.encode()}))
    assert Sample.objects.get().split == "holdout"


def test_unipen_keeps_a_writers_digits_together(tmp_path: Path) -> None:
    path = tmp_path / "pens.tra.gz"
    path.write_bytes(
        gzip.compress((UNIPEN + UNIPEN.replace("267", "268").replace(" 1  2", " 1  3")).encode())
    )
    report = from_disk("unipen", path)
    assert report.per_label == {"8": 2, "0": 2}
    assert sorted(Sample.objects.values_list("origin", flat=True)) == [
        "import:pens.tra.gz, writer 12",
        "import:pens.tra.gz, writer 12",
        "import:pens.tra.gz, writer 3",
        "import:pens.tra.gz, writer 3",
    ]
    strokes = Sample.objects.filter(digit="8").order_by("id")[0].strokes
    assert strokes == {
        "strokes": [[[267, 167], [267, 164]], [[10, 0]]],
        "width": 500,
        "height": 500,
        "brush": 40,
    }


def test_a_line_that_is_no_point_costs_its_digit_alone() -> None:
    broken = UNIPEN.replace(" 267  336", " 267  three")
    report = taken_in("unipen", broken.encode(), "pens.txt")
    assert (report.taken, report.bad_count) == (1, 1)
    assert report.bad[0]["name"] == "pens.txt#0"
    assert "267  three" in report.bad[0]["why"]


def task(label: str, image: str, **annotation: object) -> dict[str, object]:
    """As Label Studio exports it."""
    result = {"id": "x", "from_name": "c", "to_name": "i", "type": "choices", "value": {"choices": [label]}}
    person = {"id": 1, "email": "carla@example.org"}
    annotations = [{"id": 3, "completed_by": person, "result": [result], "was_cancelled": False} | annotation]
    return {"id": 1, "annotations": annotations, "data": {"image": image}, "predictions": []}


def uri(digit: str) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture(digit)).decode()}"


def test_label_studio() -> None:
    tasks = [
        task("4", uri("4")),
        task("no-digit", uri("5")),
        task("6", "/data/upload/1/abc-six.png"),
        task("7", "https://example.org/7.png"),
        task("1", uri("1"), was_cancelled=True),
        task("cat", uri("2")),
        {"annotations": [task("8", "")["annotations"][0], task("3", "")["annotations"][0]], "data": {}},  # type: ignore[index]
        "nonsense",
    ]
    files = {"project.json": json.dumps(tasks).encode(), "images/abc-six.png": picture("6")}
    report = taken_in("label-studio", zipped(files))
    assert report.per_label == {"4": 1, "-": 1, "6": 1}
    assert [(bad["name"][-1], bad["why"].split()[-1]) for bad in report.bad] == [
        ("3", "fetched)."),
        ("4", "it."),
        ("5", "digit."),
        ("6", "disagree."),
        ("7", "data."),
    ]
    assert set(Sample.objects.values_list("labels__by", flat=True)) == {"carla@example.org (import by anna)"}


def test_label_studio_alone_without_an_archive(reviewed: None) -> None:
    import zipfile
    from io import BytesIO

    data = zipfile.ZipFile(BytesIO(written("label-studio"))).read("tasks.json")
    count = Sample.objects.count()
    assert taken_in("label-studio", data, "tasks.json").known == count
