"""A label says what a drawing is, who said so and when; what was said before stays on record."""

import pytest

from recognition.models import Submission
from recognition.submissions import Sender, SentBox, forget, submit
from tests.drawing import number_of_pictures
from tests.learning.conftest import submitted
from training import samples
from training.models import Label, Sample
from training.samples import Blank, Reviewer

pytestmark = pytest.mark.django_db

ANNA = Reviewer("anna")


def test_a_label_makes_a_sample_with_a_glyph() -> None:
    [box] = submitted("7")
    samples.label_box(box, "7", ANNA)
    sample = Sample.objects.get(box=box)
    assert sample.digit == "7"
    assert len(bytes(sample.glyph)) == 28 * 28
    assert [(label.text, label.by) for label in sample.labels.all()] == [("7", "anna")]


def test_relabelling_keeps_the_history_and_undo_goes_back_in_it() -> None:
    [box] = submitted("1")
    samples.label_box(box, "7", ANNA)
    second = samples.label_box(box, "1", Reviewer("bert"))
    sample = Sample.objects.get(box=box)
    assert (sample.digit, sample.labels.count()) == ("1", 2)
    samples.undo(second, Reviewer("bert"))
    sample.refresh_from_db()
    assert sample.digit == "7"
    assert list(sample.labels.values_list("text", "by")) == [("7", "bert"), ("1", "bert"), ("7", "anna")]


def test_undoing_the_only_label_leaves_a_sample_that_nobody_trains_on() -> None:
    [box] = submitted("1")
    samples.undo(samples.label_box(box, "1", ANNA), ANNA)
    assert Sample.objects.get(box=box).digit == ""
    assert not samples.labelled(Sample.Split.TRAIN).exists()
    assert not samples.labelled(Sample.Split.HOLDOUT).exists()


def test_the_digits_of_a_number_share_a_split() -> None:
    for example in range(5):
        boxes = submitted("123", example)
        for box, text in zip(boxes, "123", strict=True):
            samples.label_box(box, text, ANNA)
        splits = Sample.objects.filter(box__in=boxes).values_list("split", flat=True)
        assert len(set(splits)) == 1


def test_a_fifth_of_all_origins_judges_and_never_trains() -> None:
    splits = [samples.split_of(f"submission:{number}") for number in range(2000)]
    assert 340 < splits.count(Sample.Split.HOLDOUT) < 460
    assert splits == [samples.split_of(f"submission:{number}") for number in range(2000)]


def test_a_reviewed_sample_outlives_its_submission() -> None:
    [box] = submitted("3")
    samples.label_box(box, "3", ANNA)
    forget(box.submission.job, "test")
    sample = Sample.objects.get()
    assert (sample.box, sample.digit) == (None, "3")


def test_a_blank_box_and_a_label_that_is_none_are_refused() -> None:
    job = submit(
        [SentBox(strokes={"strokes": []})], "", True, Sender(caller="test", source=Submission.Source.API)
    )
    with pytest.raises(Blank):
        samples.label_box(job.submission.boxes.get(), "1", ANNA)
    [box] = submitted("3")
    with pytest.raises(ValueError, match="no label"):
        samples.label_box(box, "12", ANNA)
    assert not Sample.objects.exists()
    assert not Label.objects.exists()


def test_the_same_ink_is_imported_once() -> None:
    [picture] = number_of_pictures("5")
    assert samples.take_in("import:a", "5", ANNA, picture=picture) is not None
    assert samples.take_in("import:b", "5", ANNA, picture=picture) is None
    assert Sample.objects.count() == 1
