"""A shadow run: what another version would have read, beside what was read."""

import pytest

from phonereader.jobs import runner
from phonereader.jobs.states import State
from recognition import registry
from recognition.models import Box, ModelVersion, Reading, Submission
from recognition.reading import ReadNumber
from recognition.submissions import Sender, SentBox, forget, submit
from tests.drawing import box_of_strokes, number_of_pictures
from training import samples, transfers
from training.models import Difference, Transfer
from training.samples import Reviewer
from training.tasks import RunTransfer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shipped")]


@pytest.fixture
def shipped(db: None) -> None:
    registry.ensure_shipped()
    registry.loaded.__init__()  # type: ignore[misc]


@pytest.fixture
def candidate(shipped: None) -> ModelVersion:
    """A version that has learned nothing, and so reads nearly everything otherwise."""
    import torch

    from recognition.reader.networks import build
    from recognition.reader.weights import pack

    torch.manual_seed(3)
    data = pack(build("feed-forward-15"), {"architecture": "feed-forward-15", "least_confidence": "0"})
    return registry.add(data, "test")


def read(digits: str, example: int = 0) -> Submission:
    boxes = [SentBox(picture=data) for data in number_of_pictures(digits, example)]
    boxes.append(SentBox(strokes=box_of_strokes("1")))
    boxes.append(SentBox(strokes={"strokes": []}))
    job = submit(boxes, "", True, Sender("test", Submission.Source.API))
    runner.run(job.id, ReadNumber(), "w")
    return Submission.objects.get(job=job)


def shadow(version: int, count: int) -> Transfer:
    job = transfers.start("shadow", options={"version": version, "count": count})
    runner.run(job.id, RunTransfer(), "test")
    return Transfer.objects.select_related("job").get(job=job)


def test_it_finds_every_box_that_would_be_read_otherwise(candidate: ModelVersion) -> None:
    numbers = [read("0123456789", example) for example in range(3)]
    [seventh] = numbers[2].boxes.filter(position=8)
    samples.label_box(seventh, "7", Reviewer("anna"))
    stored = set(Reading.objects.values_list("box", "model", "digit"))
    done = shadow(candidate.version, 2)
    assert done.job.state == State.SUCCEEDED, done.job.error
    assert (done.report["numbers"], done.report["boxes"]) == (2, 24)
    expected = {}
    reader = registry.load(candidate.version)
    for box in Box.objects.filter(submission__in=numbers[1:]):
        [after] = reader.read([samples.ink_of(box)])
        before = box.readings.get()
        said = (before.digit or {"blank": "", "unreadable": "?"}[before.state], after.digit or "")
        if after.state != "blank" and said[0] != said[1]:
            expected[box.pk] = said
    assert len(expected) > 10
    found = Difference.objects.filter(transfer=done)
    assert {each.box_id: (each.before, each.after) for each in found} == expected
    assert done.report["changed"] == len(expected)
    assert done.report["labelled"] == 1
    assert done.report["lost"] == int(seventh.pk in expected)
    assert set(Reading.objects.values_list("box", "model", "digit")) == stored, "it changed what was read"


def test_the_version_that_read_them_reads_them_alike() -> None:
    read("0123456789")
    [version] = ModelVersion.objects.all()
    done = shadow(version.version, 100)
    assert (done.report["numbers"], done.report["changed"]) == (1, 0)
    assert done.report["sure_before"] == pytest.approx(done.report["sure_after"], abs=1e-3)


def test_a_number_that_its_owner_deletes_leaves_nothing_behind(candidate: ModelVersion) -> None:
    number = read("0123")
    done = shadow(candidate.version, 10)
    assert done.differences.exists()
    forget(number.job, "test")
    assert not done.differences.exists()


def test_what_cannot_be_done_is_said(candidate: ModelVersion) -> None:
    assert (shadow(candidate.version, 5).job.error or {})["code"] == "nothing"
    read("1")
    assert (shadow(99, 5).job.error or {})["code"] == "bad_option"
    assert (shadow(candidate.version, 0).job.error or {})["code"] == "bad_option"
    ModelVersion.objects.filter(pk=candidate.pk).update(weights=b"damaged")
    assert (shadow(candidate.version, 5).job.error or {})["code"] == "bad_version"
