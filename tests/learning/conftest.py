from collections.abc import Callable

import pytest

from recognition import registry
from recognition.models import Box, Submission
from recognition.submissions import Sender, SentBox, submit
from tests.drawing import number_of_pictures
from training import replay, samples
from training.samples import Reviewer

Label = Callable[[str, int], list[Box]]


def submitted(digits: str, example: int = 0) -> list[Box]:
    """The boxes of a number of real handwriting, sent by a visitor who lets us train on it."""
    boxes = [SentBox(picture=data) for data in number_of_pictures(digits, example)]
    job = submit(boxes, "", True, Sender(caller="test", source=Submission.Source.API))
    return list(job.submission.boxes.all())


@pytest.fixture
def label(db: None) -> Label:
    """Submit a number and label its boxes as they are."""

    def submit_and_label(digits: str, example: int = 0) -> list[Box]:
        boxes = submitted(digits, example)
        for box, text in zip(boxes, digits, strict=True):
            samples.label_box(box, text, Reviewer("anna"))
        return boxes

    return submit_and_label


@pytest.fixture
def shipped(db: None) -> None:
    """Tables are emptied between these tests; what a new database has is put back."""
    registry.ensure_shipped()


@pytest.fixture
def little_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """Base data of a moment: few made hands and digits."""
    for name, value in {"HANDS": 4, "GUARD_HANDS": 3, "REFUSED": 20, "MNIST_SHARE": 300}.items():
        monkeypatch.setattr(replay, name, value)
