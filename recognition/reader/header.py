"""The header of a weights file, which says what they are. Needs no torch: the web process may look, too."""

import hashlib
import json

import numpy as np
from safetensors.numpy import load

MAX_BYTES = 64 * 1024 * 1024


class BadWeights(ValueError):
    """Bytes that are no weights of ours; the message is one sentence."""


def metadata(data: bytes) -> dict[str, str]:
    """The `__metadata__` of a safetensors header: 8 bytes of length, then JSON. Raises BadWeights."""
    if len(data) > MAX_BYTES:
        raise BadWeights("The weights are larger than any network of this project.")
    try:
        length = int.from_bytes(data[:8], "little")
        if len(data) < 8 or length > len(data) - 8:
            raise ValueError("no header")
        meta = json.loads(data[8 : 8 + length]).get("__metadata__", {})
        return {str(name): str(value) for name, value in meta.items()}
    except (ValueError, AttributeError, RecursionError):
        raise BadWeights("The weights are damaged or no safetensors file.") from None


def tensor_shapes(data: bytes) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor of a whole file of finite numbers. Raises BadWeights."""
    try:
        tensors = load(data)
    except Exception:  # safetensors raises many kinds on damaged files
        raise BadWeights("The weights are damaged or no safetensors file.") from None
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise BadWeights("The weights hold numbers that are not finite.")
    return {name: tensor.shape for name, tensor in tensors.items()}


def sha256(data: bytes) -> str:
    """The hexadecimal SHA-256 of packed weights."""
    return hashlib.sha256(data).hexdigest()
