"""The most doubtful box comes first, and two reviewers never get the same one."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from phonereader.jobs import runner
from recognition.doubts import correct
from recognition.models import Box, Reading, Submission
from recognition.reading import ReadNumber
from recognition.submissions import Sender, SentBox, forget, submit
from tests.drawing import number_of_pictures
from tests.review.conftest import Read
from training import review, runs, samples
from training.models import ReviewLock, Sample
from training.review import Gone, Taken
from training.samples import NotToLearnFrom, Reviewer

pytestmark = pytest.mark.core


def queue() -> list[int]:
    return list(review.waiting().values_list("box_id", flat=True))


def test_the_least_certain_comes_first(read: Read) -> None:
    boxes = read("0123456789")
    certain = {reading.box_id: reading.confidence or 0.0 for reading in Reading.objects.all()}
    found = queue()
    assert sorted(found) == sorted(box.pk for box in boxes)
    assert [certain[box] for box in found] == sorted(certain.values())


def test_what_a_submitter_disputes_comes_before_all_else(read: Read) -> None:
    others = read("0123456789")
    disputed = read("17", claim="14")
    assert queue()[0] == disputed[1].pk
    assert set(queue()) == {box.pk for box in [*others, *disputed]}
    correct(disputed[0].submission, "17", by="test")  # the newest claim counts, and agrees
    assert all((reading.doubt or 0) < 1 for reading in review.waiting())


def test_a_claim_that_comes_before_the_reading_counts_too(transactional_db: None) -> None:
    boxes = [SentBox(picture=data) for data in number_of_pictures("17")]
    job = submit(boxes, "", True, Sender(caller="test", source=Submission.Source.API))
    correct(job.submission, "14", by="test")
    runner.run(job.id, ReadNumber(), "w1")
    assert [reading.box.position for reading in review.waiting() if (reading.doubt or 0) >= 1] == [2]


def test_only_what_was_contributed_has_ink_and_is_not_reviewed_waits(read: Read, anna: User) -> None:
    private = read("123", claim="723", contributed=False)
    shared = read("45", blanks=2)
    assert queue()
    assert set(queue()) == {shared[0].pk, shared[1].pk}
    review.label(anna, shared[0].pk, "4", None)
    assert queue() == [shared[1].pk]
    with pytest.raises(NotToLearnFrom):
        samples.label_box(private[0], "1", Reviewer("anna"))
    assert Sample.objects.count() == 1


def test_a_claim_is_never_trained_on_before_review(read: Read, anna: User) -> None:
    boxes = read("17", claim="77")
    assert not Sample.objects.exists()
    assert sum([*runs.summary().train.values(), *runs.summary().holdout.values()]) == 0
    review.label(anna, boxes[0].pk, "1", None)
    assert [sample.digit for sample in Sample.objects.all()] == ["1"]


def test_reviewers_get_different_boxes(read: Read, anna: User, bert: User) -> None:
    read("0123")
    mine = [review.next_box(anna), review.next_box(anna)]
    others = [review.next_box(bert), review.next_box(bert)]
    assert len({box.pk for box in [*mine, *others] if box}) == 4
    assert review.next_box(bert) is None


def test_reviewers_who_reach_at_once_get_different_boxes(read: Read) -> None:
    read("0123456789", example=1)
    read("0123456789", example=2)
    reviewers = [User.objects.create_superuser(f"r{number}") for number in range(4)]
    got: list[int] = []
    start = threading.Barrier(len(reviewers))

    def take(user: User) -> None:
        try:
            start.wait()
            for _ in range(5):
                box = review.next_box(user)
                assert box is not None
                got.append(box.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=[user]) for user in reviewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 20


def test_a_lock_ends_by_time_by_release_and_by_the_label(read: Read, anna: User, bert: User) -> None:
    [box] = read("7")
    assert review.next_box(anna) == box
    assert review.next_box(bert) is None
    review.release(anna)
    assert review.next_box(bert) == box
    assert not review.hold(box.pk, anna)
    with pytest.raises(Taken, match="bert"):
        review.label(anna, box.pk, "7", None)
    ReviewLock.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert review.next_box(anna) == box
    review.label(anna, box.pk, "7", None)
    assert not ReviewLock.objects.exists()


def test_who_is_slower_is_told_who_was_faster(read: Read, anna: User, bert: User) -> None:
    [box] = read("7")
    first = review.label(bert, box.pk, "7", None)
    assert review.label(bert, box.pk, "7", None) == first, "sent twice, it is one"
    with pytest.raises(Taken, match="bert"):
        review.label(anna, box.pk, "1", None)
    review.label(anna, box.pk, "1", first.pk)  # who has seen it may relabel
    assert Sample.objects.get().digit == "1"


def test_a_box_that_was_deleted_meanwhile_is_gone(read: Read, anna: User) -> None:
    [box] = read("7")
    held = review.next_box(anna)
    assert held is not None
    forget(box.submission.job, "test")
    with pytest.raises(Gone):
        review.label(anna, held.pk, "7", None)
    assert not review.hold(held.pk, anna)
    assert review.next_box(anna) is None


def test_deleting_forgets_what_is_not_reviewed_and_keeps_what_is(read: Read, anna: User) -> None:
    kept, taken_back, _untouched = read("123")
    review.label(anna, kept.pk, "1", None)
    review.label(anna, taken_back.pk, "2", None)
    assert review.undo(anna) is not None
    forget(kept.submission.job, "test")
    assert [(sample.digit, sample.box) for sample in Sample.objects.all()] == [("1", None)]
    assert not Box.objects.exists()


def test_the_next_box_is_found_by_an_index(read: Read) -> None:
    read("01")
    plan = review.waiting().values_list("box_id")[:10].explain()
    if connection.vendor == "sqlite":
        assert "reading_doubt" in plan
        assert "TEMP B-TREE" not in plan
    else:
        with connection.cursor() as cursor:  # two rows are read faster without one
            cursor.execute("SET enable_seqscan = off")
            assert "reading_doubt" in review.waiting().values_list("box_id")[:10].explain()
            cursor.execute("RESET enable_seqscan")
