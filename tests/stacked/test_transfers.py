"""A transfers worker that is killed costs no import and doubles nothing; a cancel ends one that runs."""

import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.drawing import as_bytes, picture_of
from tests.stack import Stack, wait_until
from tests.stacked.test_survival import worker_of
from tests.transfers.zips import zipped

pytestmark = pytest.mark.stack

COUNT = 40
START = """
from pathlib import Path
from training import transfers
data = Path({path!r}).read_bytes()
job = transfers.start("import", options={{"format": "folders"}}, file=data, file_name="x.zip")
print(job.id)
"""
LOOK = """
from training.models import Label, Sample
inks = list(Sample.objects.filter(digit={digit!r}).values_list("ink_sha256", flat=True))
print(len(inks), len(set(inks)), Label.objects.filter(sample__digit={digit!r}).count())
"""


def shell(stack: Stack, code: str) -> list[str]:
    return stack.manage("shell", "--verbosity=0", "-c", code).split()


def start_import(stack: Stack, digit: str, folder: Path) -> str:
    """An import that takes seconds: very large pictures, small as files."""
    files = {}
    for number in range(COUNT):
        large = np.asarray(picture_of(digit).resize((3000, 3000), Image.Resampling.NEAREST)).copy()
        large[:5, :5] = number  # no two are the same
        files[f"{digit}/{number}.png"] = as_bytes(Image.fromarray(large))
    path = folder / f"{digit}.zip"
    path.write_bytes(zipped(files))
    return shell(stack, START.format(path=str(path)))[-1]


def under_way(stack: Stack, job_id: str) -> bool:
    job = stack.job(job_id)
    assert job["state"] in ("queued", "running"), job
    return bool(job["state"] == "running" and job["progress"] > 0.1)


def test_a_killed_worker_doubles_nothing(each_stack: Stack, tmp_path: Path) -> None:
    job_id = start_import(each_stack, "5", tmp_path)
    wait_until(lambda: under_way(each_stack, job_id), "an import under way")
    worker = worker_of(each_stack, job_id)
    assert worker is not None
    worker.send_signal(signal.SIGKILL)
    job = each_stack.ended(job_id)
    assert (job["state"], job["attempt"]) == ("succeeded", 2)
    assert job["result"]["taken"] == COUNT
    assert shell(each_stack, LOOK.format(digit="5"))[-3:] == [str(COUNT)] * 3


def test_a_cancelled_import_leaves_nothing(each_stack: Stack, tmp_path: Path) -> None:
    job_id = start_import(each_stack, "4", tmp_path)
    wait_until(lambda: under_way(each_stack, job_id), "an import under way")
    cancel = "from phonereader.jobs import lifecycle; from phonereader.jobs.models import Job; "
    shell(each_stack, f"{cancel}lifecycle.cancel(Job.objects.get(id={job_id!r}), 'test')")
    assert each_stack.ended(job_id)["state"] == "cancelled"
    assert shell(each_stack, LOOK.format(digit="4"))[-3:] == ["0"] * 3
