"""Imports and exports as jobs: all or nothing, whatever happens on the way."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from phonereader.jobs import lifecycle, runner
from phonereader.jobs.models import Job
from phonereader.jobs.runner import Cancelled
from phonereader.jobs.states import State
from tests.transfers.conftest import kept, picture
from tests.transfers.zips import zipped
from training import samples, transfer_works, transfers
from training.models import Label, Sample, Transfer
from training.tasks import RunTransfer

pytestmark = pytest.mark.django_db(transaction=True)

FILES = {f"{digit}/{n}.png": picture(digit, n) for digit in "0123456789" for n in range(2)}


def start_import(files: dict[str, bytes], **options: Any) -> Job:
    user, _new = User.objects.get_or_create(username="anna")
    return transfers.start(
        "import",
        user,
        "user:anna",
        options={"format": "folders"} | options,
        file=zipped(files),
        file_name="digits.zip",
    )


def run(job: Job) -> Transfer:
    runner.run(job.id, RunTransfer(), "test")
    return Transfer.objects.select_related("job").get(job=job)


def test_an_import_reports_what_it_took_and_what_it_passed_over() -> None:
    done = run(start_import(FILES | {"7/bad.png": b"?", "readme.txt": b"hello"}))
    assert done.job.state == State.SUCCEEDED, done.job.error
    assert done.report["taken"] == Sample.objects.count() == 20
    assert [bad["name"] for bad in done.report["bad"]] == ["7/bad.png", "readme.txt"]
    assert done.report["per_label"] == dict.fromkeys("0123456789", 2)
    assert done.job.result is not None
    assert done.job.result["taken"] == 20
    assert done.file is None, "what was taken in is not kept twice"
    label = Label.objects.first()
    assert label is not None
    assert (label.by, label.user, label.via) == ("anna", User.objects.get(), "import")


@pytest.mark.parametrize(
    ("files", "options", "code"),
    [
        ({"7/bad.png": b"?", **FILES}, {"strict": True}, "bad_file"),
        ({}, {}, "bad_file"),
        (FILES, {"format": "crayons"}, "bad_option"),
    ],
)
def test_a_bad_import_takes_in_nothing_and_says_why(
    files: dict[str, bytes], options: dict[str, Any], code: str
) -> None:
    done = run(start_import(files, **options))
    assert done.job.state == State.FAILED
    assert done.job.error is not None
    assert (done.job.error["kind"], done.job.error["code"]) == ("expected", code)
    assert not Sample.objects.exists()


class Lost(BaseException):
    """The process is gone at once: nothing more of it is run."""


def test_an_import_whose_worker_was_lost_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    job = start_import(FILES)
    take_in_all = samples.take_in_all

    def taken_then_lost(*arguments: Any) -> None:
        take_in_all(*arguments)
        assert Sample.objects.count() == 20
        raise Lost

    with monkeypatch.context() as patch:
        patch.setattr(samples, "take_in_all", taken_then_lost)
        with pytest.raises(Lost):
            runner.run(job.id, RunTransfer(), "lost")
    assert not Sample.objects.exists(), "half of it was written"
    assert lifecycle.give_back(Job.objects.get(id=job.id), "sweeper", "lost")
    assert run(job).report["taken"] == Sample.objects.count() == Label.objects.count() == 20


def test_a_cancelled_import_takes_in_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    job = start_import(FILES)
    stepper = transfer_works.stepper

    def until_the_tenth(lease: Any, total: int) -> Any:
        step, calls = stepper(lease, total), []

        def counted() -> None:
            calls.append(0)
            if len(calls) == 10:
                raise Cancelled
            step()

        return counted

    monkeypatch.setattr(transfer_works, "stepper", until_the_tenth)
    assert run(job).job.state == State.CANCELLED
    assert not Sample.objects.exists()


@pytest.mark.parametrize("format_name", ["idx", "folders", "label-studio"])
def test_an_export_can_be_imported_again(reviewed: None, format_name: str) -> None:
    if format_name == "idx":
        Sample.objects.filter(digit="-").delete()
    before = kept()
    job = transfers.start("export", None, "user:1", options={"format": format_name, "split": ""})
    done = run(job)
    assert done.job.state == State.SUCCEEDED, done.job.error
    assert done.report["count"] == len(before)
    assert done.file_name.startswith(f"phonereader-{format_name}-")
    Sample.objects.all().delete()
    user = User.objects.create(username="anna")
    again = transfers.start(
        "import", user, options={"format": format_name}, file=bytes(done.file or b""), file_name="x.zip"
    )
    assert run(again).report["taken"] == len(before)
    assert kept() == before


def test_an_export_of_one_split_holds_no_other(reviewed: None) -> None:
    done = run(transfers.start("export", options={"format": "folders", "split": "train"}))
    assert done.report["per_split"] == {"train": Sample.objects.filter(split="train").count()}


def test_an_export_of_nothing_says_so() -> None:
    done = run(transfers.start("export", options={"format": "folders"}))
    assert (done.job.error or {})["code"] == "nothing"


def test_a_transfer_that_was_deleted_is_no_bug() -> None:
    job = start_import(FILES)
    Transfer.objects.all().delete()
    runner.run(job.id, RunTransfer(), "test")
    job.refresh_from_db()
    assert (job.error or {})["code"] == "gone"
