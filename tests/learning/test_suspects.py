"""At the end of a judgement it is written down which labels the new version surely disagrees with."""

import numpy as np
import pytest

from recognition import registry
from recognition.reader.networks import NO_DIGIT
from tests.learning.conftest import Label
from training.judging import JudgedBy, suspects
from training.models import Sample

pytestmark = pytest.mark.django_db


def test_a_wrong_label_is_suspected_and_a_right_one_is_not(label: Label) -> None:
    label("0123456789", 3)
    rows = list(Sample.objects.order_by("id"))
    glyphs = np.stack([np.frombuffer(bytes(row.glyph), np.uint8).reshape(28, 28) for row in rows])
    active = registry.active()
    assert active is not None
    reader = registry.load(active.version)
    ids = [row.pk for row in rows]
    right = np.arange(10)
    assert suspects(reader, JudgedBy("reviewed", glyphs, right, ids)) == []
    wrong = right.copy()
    wrong[4], wrong[6] = 9, NO_DIGIT
    found = suspects(reader, JudgedBy("reviewed", glyphs, wrong, ids))
    assert {(sample, answer) for sample, answer, _ in found} == {(ids[4], "4"), (ids[6], "6")}
    assert all(0.9 <= confidence <= 1 for *_, confidence in found)
    assert suspects(reader, JudgedBy("reviewed", glyphs[:0], right[:0], [])) == []
