"""A training run makes a judged model version of base data and reviewed samples; the holdout only judges."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from phonereader.jobs import lifecycle, runner
from phonereader.jobs.models import Job
from phonereader.jobs.runner import Cancelled, Stopping
from phonereader.jobs.states import State
from recognition import registry
from recognition.models import ModelVersion
from tests.learning.conftest import Label
from training import runs, trainer
from training.models import Checkpoint, Judgement, Sample, TrainingRun
from training.work import TrainNetwork

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("little_base", "shipped")]


@pytest.fixture(autouse=True)
def _one_thread(settings: Any) -> Iterator[None]:
    threads = torch.get_num_threads()
    settings.TRAINING_THREADS = 1  # batches are few
    yield
    torch.set_num_threads(threads)


def quick(epochs: int) -> runs.Wanted:
    """A run of seconds."""
    return runs.Wanted(architecture="feed-forward-15", start="scratch", epochs=epochs)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> set[bytes]:
    """Every glyph that comes into a training batch, before it is varied."""
    seen: set[bytes] = set()
    augment = trainer.augment

    def watched(glyphs: Tensor, strength: float, generator: torch.Generator) -> Tensor:
        seen.update(each.to(torch.uint8).numpy().tobytes() for each in glyphs[:, 0])
        return augment(glyphs, strength, generator)

    monkeypatch.setattr(trainer, "augment", watched)
    return seen


def run(job: Job) -> TrainingRun:
    runner.run(job.id, TrainNetwork(), "test")
    job.refresh_from_db()
    return TrainingRun.objects.get(job=job)


def test_it_yields_a_version_with_its_parent_and_what_the_gate_says(label: Label) -> None:
    parent = registry.active()
    label("0123456789", 3)
    done = run(runs.start(runs.Wanted(epochs=2), "test"))
    assert done.job.state == State.SUCCEEDED, done.job.error
    assert done.model is not None
    assert done.model.parent == parent
    assert done.model.version > parent.version
    assert [point["epoch"] for point in done.curve] == [1, 2]
    judgement = Judgement.objects.get(model=done.model)
    assert {"made pens", "made paper"} < judgement.report.keys()
    assert done.job.result is not None
    assert done.job.result["model"]["version"] == done.model.version
    assert done.job.result["gate"]["sentence"] == judgement.sentence
    assert registry.active() == parent, "activation is never automatic"
    assert not Checkpoint.objects.exists()
    registry.load(done.model.version)


def test_no_sample_of_the_holdout_is_ever_in_a_training_batch(label: Label, shown: set[bytes]) -> None:
    for example in itertools.count():  # a submission's split follows from its id, and that is random
        label("0123456789", example)
        if len(set(Sample.objects.values_list("split", flat=True))) == 2 and example >= 2:
            break
    glyphs = {
        split: {bytes(sample.glyph) for sample in Sample.objects.filter(split=split)}
        for split in Sample.Split.values
    }
    assert min(map(len, glyphs.values())) >= 8
    done = run(runs.start(quick(1), "test"))
    assert done.job.state == State.SUCCEEDED, done.job.error
    assert glyphs["train"] <= shown
    assert not glyphs["holdout"] & shown
    assert done.snapshot["samples"] == len(glyphs["train"])
    assert Judgement.objects.get().report["reviewed holdout"]["count"] == len(glyphs["holdout"])


def test_ink_that_was_sent_twice_is_not_trained_on_where_it_judges(label: Label, shown: set[bytes]) -> None:
    once, again, other = label("01234", 1), label("01234", 1), label("56789", 1)
    Sample.objects.filter(box__in=[*once, *other]).update(split="train")
    Sample.objects.filter(box__in=again).update(split="holdout")
    run(runs.start(quick(1), "test"))
    assert not {bytes(sample.glyph) for sample in Sample.objects.filter(box__in=again)} & shown
    assert {bytes(sample.glyph) for sample in Sample.objects.filter(box__in=other)} <= shown


def test_withdrawn_labels_are_not_trained_on(label: Label, shown: set[bytes]) -> None:
    from training import samples

    boxes = label("01234", 1)
    gone = Sample.objects.get(box=boxes[2])
    samples.relabel(gone, "", samples.Reviewer("anna"))
    Sample.objects.update(split="train")
    run(runs.start(quick(1), "test"))
    assert bytes(gone.glyph) not in shown
    assert bytes(Sample.objects.get(box=boxes[1]).glyph) in shown


def test_a_run_whose_worker_was_lost_goes_on_from_its_checkpoint(
    label: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    label("0123456789", 3)
    first = runs.start(quick(3), "test")
    assert run(first).job.state == State.SUCCEEDED
    whole = TrainingRun.objects.get(job=first)

    second = runs.start(quick(3), "test")
    with monkeypatch.context() as patch:
        lose_after(1, patch)
        with pytest.raises(Lost):
            runner.run(second.id, TrainNetwork(), "lost")
    assert Checkpoint.objects.get(run_id=second.id).epoch == 1
    label("77", 9)  # what comes later does not change what the run trains on
    job = Job.objects.get(id=second.id)
    assert lifecycle.give_back(job, "sweeper", "lost")
    resumed = run(Job.objects.get(id=second.id))
    assert resumed.job.state == State.SUCCEEDED
    assert "Going on after epoch 1" in resumed.log
    assert resumed.snapshot["sha256"] == whole.snapshot["sha256"]
    assert [point["loss"] for point in resumed.curve] == [point["loss"] for point in whole.curve]


class Lost(BaseException):
    """The process is gone at once: nothing more of it is run."""


def lose_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = TrainNetwork.keep

    def kept_then_lost(self: TrainNetwork, path: Any, epoch: int) -> None:
        keep(self, path, epoch)
        if epoch == epochs:
            raise Lost

    monkeypatch.setattr(TrainNetwork, "keep", kept_then_lost)


def test_a_cancelled_run_leaves_no_version(label: Label, monkeypatch: pytest.MonkeyPatch) -> None:
    job = runs.start(quick(3), "test")
    stop_in_epoch(2, Cancelled(), monkeypatch)
    assert run(job).job.state == State.CANCELLED
    assert ModelVersion.objects.count() == 1


def test_a_run_that_is_handed_back_goes_on_from_its_very_batch(
    label: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = runs.start(quick(3), "test")
    with monkeypatch.context() as patch:
        stop_in_epoch(2, Stopping(), patch)
        handed = run(job)
    assert (handed.job.state, handed.job.attempt) == (State.QUEUED, 0)
    assert len(handed.curve) == 1
    assert Checkpoint.objects.filter(run=handed).exists()
    assert run(job).job.state == State.SUCCEEDED
    assert len(TrainingRun.objects.get(job=job).curve) == 3


def stop_in_epoch(epoch: int, wish: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = TrainNetwork.goes_on

    def until_then(self: TrainNetwork, progress: trainer.Progress, left: float) -> bool:
        if len(self.row.curve) == epoch - 1 and progress.step % 3 == 0:
            self.stopped_by = wish
            return False
        return goes_on(self, progress, left)

    monkeypatch.setattr(TrainNetwork, "goes_on", until_then)


def test_two_runs_never_train_at_once() -> None:
    first, second = (runs.start(quick(1), "test") for _ in range(2))
    claimed = lifecycle.claim(first.id, "one")
    assert claimed is not None
    assert lifecycle.claim(second.id, "other") is None
    assert lifecycle.fail(claimed, "internal", "test", "over", "one")
    assert lifecycle.claim(second.id, "other") is not None


def test_the_summary_says_what_is_new(label: Label) -> None:
    for example in range(6):
        label("0123456789", example)
    before = runs.summary()
    assert before.new == before.count > 0
    assert sum(before.holdout.values()) == 60 - before.count
    run(runs.start(quick(1), "test"))
    after = runs.summary()
    assert (after.new, after.count) == (0, before.count)
