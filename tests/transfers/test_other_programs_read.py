"""torchvision's own classes read the exports."""

import gzip
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from tests.transfers.conftest import written
from training import data
from training.models import Sample
from training.vision import torchvision

pytestmark = pytest.mark.django_db


def test_image_folder(reviewed: None, tmp_path: Path) -> None:
    zipfile.ZipFile(BytesIO(written("folders"))).extractall(tmp_path)
    found = torchvision().datasets.ImageFolder(str(tmp_path))
    assert found.classes == [*"0123456789", "no-digit"]
    assert len(found) == Sample.objects.count()
    for number, (path, label) in enumerate(found.samples):
        sample = Sample.objects.get(pk=int(Path(path).stem))
        assert found.classes[label] == sample.digit.replace("-", "no-digit")
        assert found[number][0].mode == "RGB"


def test_mnist(reviewed: None, tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    zipfile.ZipFile(BytesIO(written("idx"))).extractall(raw)
    for train, split in [(True, "train"), (False, "holdout")]:
        ours = data.mnist(raw, train)  # as MNIST comes: packed
        for path in raw.glob("*.gz"):
            path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        found = torchvision().datasets.MNIST(str(tmp_path), train=train)
        rows = Sample.objects.filter(split=split).exclude(digit="-").order_by("id")
        glyphs = np.frombuffer(b"".join(bytes(row.glyph) for row in rows), np.uint8).reshape(-1, 28, 28)
        assert len(found) == len(ours) == len(rows) > 0
        assert np.array_equal(found.data.numpy(), glyphs)
        assert found.targets.tolist() == ours.labels.tolist() == [int(row.digit) for row in rows]
        assert found[0][1] == int(rows[0].digit)
