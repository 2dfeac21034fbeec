from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from phonereader.jobs import runner
from recognition.doubts import correct
from recognition.models import Box, Submission
from recognition.reading import ReadNumber
from recognition.submissions import Sender, SentBox, submit
from tests.drawing import number_of_pictures

Read = Callable[..., list[Box]]


@pytest.fixture
def read(transactional_db: None) -> Read:
    """Send a number of real handwriting and let a worker read it; what its boxes are."""

    def send_and_read(
        digits: str, claim: str = "", contributed: bool = True, blanks: int = 0, example: int = 0
    ) -> list[Box]:
        boxes = [SentBox(picture=data) for data in number_of_pictures(digits, example)]
        boxes += [SentBox(strokes={"strokes": []})] * blanks
        job = submit(boxes, "", contributed, Sender(caller="test", source=Submission.Source.API))
        runner.run(job.id, ReadNumber(), "w1")
        if claim:
            correct(job.submission, claim, by="test")
        return list(job.submission.boxes.order_by("position"))

    return send_and_read


@pytest.fixture
def anna(transactional_db: None) -> User:
    return User.objects.create_superuser("anna", password="anna")


@pytest.fixture
def bert(transactional_db: None) -> User:
    return User.objects.create_superuser("bert", password="bert")
