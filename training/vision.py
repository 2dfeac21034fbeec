"""torchvision where its compiled ops cannot load: its datasets and transforms are pure Python and still work.

A torchvision wheel built for CUDA, beside a CPU-only torch, fails to import because the schemas of two ops
are missing. Declaring them lets the import pass; where the ops are present nothing is done.
"""

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

import torch

SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

_library: torch.library.Library | None = None  # kept alive: its declarations end with it


def declare_missing_ops() -> list[str]:
    """Declare those ops that importing torchvision needs and that nobody has defined; return their names."""
    global _library
    _load_compiled_ops()
    missing = [name for name in SCHEMAS if not hasattr(torch.ops.torchvision, name)]
    if missing:
        _library = _library or torch.library.Library("torchvision", "FRAGMENT")
        for name in missing:
            _library.define(SCHEMAS[name])
    return missing


def _load_compiled_ops() -> None:
    """Load them first where they can be: declared twice, an op is an error."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return
    for path in Path(spec.origin).parent.glob("_C*.so"):
        try:
            torch.ops.load_library(str(path))
        except (OSError, ImportError, RuntimeError):
            continue


def torchvision() -> ModuleType:
    """The module torchvision, importable whatever wheel is installed. Raises ImportError when none is."""
    declare_missing_ops()
    return importlib.import_module("torchvision")
