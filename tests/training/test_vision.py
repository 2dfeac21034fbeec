"""torchvision imports whether its compiled ops load or not, and nothing is declared where they do."""

import subprocess
import sys

PRESENT = """
import torch
library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from training import vision
vision._load_compiled_ops = lambda: None  # as after a load: the ops above are there
assert vision.declare_missing_ops() == []
assert vision.torchvision().datasets.MNIST
"""

ABSENT = """
import pathlib, torch
real = torch.ops.load_library
def fail(path): raise OSError(f"{path} was built for another torch")
torch.ops.load_library = fail
from training import vision
assert vision.declare_missing_ops() == ["nms", "qnms"]
assert vision.declare_missing_ops() == []
module = vision.torchvision()
from torchvision import transforms
assert module.datasets.MNIST
assert transforms.ToTensor
"""

AS_INSTALLED = """
from training.vision import torchvision
module = torchvision()
assert module.datasets.MNIST
assert module.__version__
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_ops_present() -> None:
    run(PRESENT)


def test_ops_absent() -> None:
    run(ABSENT)


def test_as_installed() -> None:
    run(AS_INSTALLED)
