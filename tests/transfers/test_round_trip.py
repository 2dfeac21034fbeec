"""What goes out and comes in again is what it was."""

import csv
import json
import zipfile
from io import BytesIO, StringIO

import pytest

from tests.transfers.conftest import ANNA, add, kept, picture, taken_in, written
from training import samples
from training.models import Label, Sample

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("format_name", ["folders", "idx", "label-studio"])
def test_nothing_changes(reviewed: None, format_name: str) -> None:
    if format_name == "idx":
        Sample.objects.filter(digit="-").delete()  # it has no place in IDX
    before = kept()
    data = written(format_name)
    assert taken_in(format_name, data).known == len(before), "the same ink is not taken in twice"
    assert kept() == before
    Sample.objects.all().delete()
    report = taken_in(format_name, data)
    assert (report.taken, report.bad) == (len(before), [])
    assert kept() == before


@pytest.mark.parametrize("format_name", ["folders", "idx", "label-studio"])
def test_the_same_samples_give_the_same_bytes(reviewed: None, format_name: str) -> None:
    assert written(format_name) == written(format_name)


def test_idx_says_what_it_leaves_out(reviewed: None) -> None:
    from training import outgoing
    from training.formats import idx

    found = idx.write(outgoing.items(outgoing.reviewed()), BytesIO())
    assert found.count == Sample.objects.exclude(digit="-").count()
    assert found.words == ["1 with the label - (no digit) are left out: IDX has digits only."]


def test_a_pictures_bytes_are_kept_and_strokes_go_into_the_csv(reviewed: None) -> None:
    archive = zipfile.ZipFile(BytesIO(written("folders")))
    with archive.open("samples.csv") as file:
        rows = {row["id"]: row for row in csv.DictReader(StringIO(file.read().decode()))}
    assert len(rows) == Sample.objects.count()
    for sample in Sample.objects.all():
        row = rows[str(sample.pk)]
        assert (row["label"], row["split"], row["origin"]) == (sample.digit, sample.split, sample.origin)
        assert row["who"] == "anna"
        assert row["file"].startswith("no-digit/" if sample.digit == "-" else f"{sample.digit}/")
        if sample.strokes is not None:
            assert json.loads(row["ink"]) == sample.strokes
        elif not row["ink"]:
            assert archive.read(row["file"]) == bytes(sample.picture or b"")
    assert (
        sum(bool(row["ink"]) for row in rows.values()) == 4 + 2
    )  # strokes, and what ImageFolder cannot read


def test_who_labelled_and_who_imported_are_both_on_record(reviewed: None) -> None:
    data = written("folders")
    Sample.objects.all().delete()
    for _ in range(2):
        taken_in("folders", data, by=samples.Reviewer("bert"))
        assert set(Label.objects.values_list("by", "via")) == {("anna (import by bert)", "import")}
        data = written("folders")
        Sample.objects.all().delete()


def test_withdrawn_samples_stay_at_home(reviewed: None) -> None:
    gone = add("submission:gone", "5", picture=picture("5", 9))
    samples.relabel(gone, "", ANNA)
    archive = zipfile.ZipFile(BytesIO(written("folders")))
    assert not [name for name in archive.namelist() if f"{gone.pk:08d}" in name]
