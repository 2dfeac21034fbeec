"""`manage.py import_samples` and `export_samples`; an import may be stopped and run again."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests.transfers.conftest import kept, picture
from tests.transfers.zips import zipped
from training.management.commands import import_samples
from training.models import Label, Sample


def run(*arguments: object, **options: Any) -> str:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("format_name", ["folders", "label-studio"])
def test_out_and_in_again(reviewed: None, tmp_path: Path, format_name: str) -> None:
    before, archive = kept(), tmp_path / "samples.zip"
    said = run("export_samples", "--format", format_name, "--out", archive)
    assert f"{len(before)} samples written" in said
    Sample.objects.all().delete()
    said = run("import_samples", archive, "--format", format_name, "--by", "anna")
    assert f"{len(before)} taken in" in said
    assert kept() == before
    assert list(tmp_path.iterdir()) == [archive]


@pytest.mark.django_db
def test_the_user_of_that_name_answers_for_the_labels(tmp_path: Path) -> None:
    user = User.objects.create_user("bert")
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "a.png").write_bytes(picture("7"))
    (tmp_path / "7" / "b.png").write_bytes(b"?")
    said = run("import_samples", tmp_path, "--format", "folders", "--by", "bert")
    assert "7/b.png: This is no picture" in said
    assert "1 passed over" in said
    assert Label.objects.get().user == user


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["nowhere", "."])
def test_a_bad_path_is_one_clear_line(tmp_path: Path, path: str) -> None:
    with pytest.raises(CommandError) as error:
        run("import_samples", tmp_path / path, "--format", "folders", "--by", "x")
    assert "\n" not in str(error.value)


@pytest.mark.django_db
def test_strict_takes_in_nothing_when_something_is_bad(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zipped({"7/a.png": picture("7"), "8/b.png": b"?"}))
    with pytest.raises(CommandError, match=r"8/b\.png"):
        run("import_samples", path, "--format", "folders", "--by", "x", strict=True)
    assert not Sample.objects.exists()


@pytest.mark.django_db
def test_a_stopped_import_goes_on_when_it_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{digit}/{n}.png": picture(digit, n) for digit in "0123456789" for n in range(2)}
    path = tmp_path / "x.zip"
    path.write_bytes(zipped(files))
    monkeypatch.setattr(import_samples, "AT_ONCE", 6)
    take_in_all = import_samples.samples.take_in_all
    calls = []

    def interrupted(*arguments: Any) -> Any:
        calls.append(0)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return take_in_all(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(import_samples.samples, "take_in_all", interrupted)
        with pytest.raises(CommandError, match="Stopped: 12 taken in"):
            run("import_samples", path, "--format", "folders", "--by", "x")
    assert Sample.objects.count() == Label.objects.count() == 12
    assert "8 taken in" in run("import_samples", path, "--format", "folders", "--by", "x")
    assert Sample.objects.count() == Label.objects.count() == 20


@pytest.mark.django_db
def test_an_export_that_cannot_be_written_leaves_nothing(reviewed: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        run("export_samples", "--format", "idx", "--out", tmp_path / "none" / "x.zip")
