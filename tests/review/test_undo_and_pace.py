"""Undo goes back label by label; the pace says how long the rest takes; readings are confirmed in bulk."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from recognition.models import Reading
from tests.review.conftest import Read
from training import review, samples
from training.models import Label, Sample

pytestmark = pytest.mark.core


def test_undo_goes_back_step_by_step_and_the_boxes_wait_again(read: Read, anna: User) -> None:
    first, second = read("12")
    one = review.label(anna, first.pk, "1", None)
    review.label(anna, first.pk, "7", one.pk)
    review.label(anna, second.pk, "2", None)
    undone = []
    while done := review.undo(anna):
        undone.append((done[1].pk, done[0].text))
    assert undone == [(second.pk, "2"), (first.pk, "7"), (first.pk, "1")]
    assert set(Sample.objects.values_list("digit", flat=True)) == {""}
    assert {reading.box_id for reading in review.waiting()} == {first.pk, second.pk}
    assert Label.objects.count() == 6, "what was said stays on record"


def test_undo_leaves_alone_what_another_said_since(read: Read, anna: User, bert: User) -> None:
    first, second = read("12")
    review.label(anna, first.pk, "1", None)
    mine = review.label(anna, second.pk, "3", None)
    review.label(bert, second.pk, "2", mine.pk)
    done = review.undo(anna)
    assert done is not None
    assert done[1] == first
    assert review.undo(anna) is None
    assert Sample.objects.get(box=second).digit == "2"


def test_what_is_undone_is_the_reviewers_again(read: Read, anna: User, bert: User) -> None:
    [box] = read("1")
    review.label(anna, box.pk, "1", None)
    review.undo(anna)
    assert review.next_box(bert) is None
    assert review.hold(box.pk, anna)


def test_how_much_is_left_and_how_fast(read: Read, anna: User) -> None:
    boxes = read("0123456789")
    assert review.progress(anna) == review.Progress(left=10, seconds_each=None)
    start = timezone.now() - timedelta(hours=1)
    for number, box in enumerate(boxes[:6]):
        given = review.label(anna, box.pk, "1", None)
        pause = 1800 if number > 2 else 0  # a cup of coffee is no part of the pace
        Label.objects.filter(pk=given.pk).update(at=start + timedelta(seconds=4 * number + pause))
    assert review.progress(anna) == review.Progress(left=4, seconds_each=4.0)


def test_readings_are_confirmed_in_bulk_but_not_what_another_holds(
    read: Read, anna: User, bert: User
) -> None:
    boxes = read("0123")
    held = review.next_box(bert)
    done = review.confirm(anna, Reading.objects.all())
    assert (done.count, done.skipped) == (3, 1)
    assert [reading.box for reading in review.waiting()] == [held]
    for sample in Sample.objects.select_related("box"):
        assert sample.box is not None
        assert sample.digit == sample.box.readings.get().digit
        assert list(sample.labels.values_list("by", "via")) == [("anna", "bulk")]
    assert len(boxes) == 4
    assert review.confirm(anna, Reading.objects.all()).count == 0


def test_a_sample_has_the_glyph_that_was_read(read: Read, anna: User) -> None:
    [box] = read("5")
    review.label(anna, box.pk, "5", None)
    sample, reading = Sample.objects.get(), box.readings.get()
    assert bytes(sample.glyph) == bytes(reading.glyph or b"")
    samples.relabel(sample, "", samples.Reviewer("anna"))
    assert review.waiting().get().box == box, "without a label it waits again"
