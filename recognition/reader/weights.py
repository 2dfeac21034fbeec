"""Weights as bytes: safetensors with what is needed to use them in its header. Never pickle."""

import json

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from recognition.reader.glyph import GLYPH_VERSION
from recognition.reader.header import BadWeights, metadata
from recognition.reader.networks import ARCHITECTURES, build


def pack(network: nn.Module, meta: dict[str, str]) -> bytes:
    """The network's weights and `meta` as one safetensors file.

    `meta` must name the `architecture`; `glyph_version` is added when missing. Raises ValueError for a
    name that is not registered.
    """
    if meta.get("architecture") not in ARCHITECTURES:
        raise ValueError(f"Unknown architecture {meta.get('architecture')!r}.")
    tensors = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    return _in_order(save(tensors, metadata={"glyph_version": str(GLYPH_VERSION), **meta}))


def _in_order(data: bytes) -> bytes:
    """The same file with its metadata sorted: safetensors' own order changes from run to run, and with it
    the SHA-256 of the same weights."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    meta = dict(sorted(header.pop("__metadata__").items()))
    text = json.dumps({"__metadata__": meta, **header}, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # tensors start at a multiple of 8
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def unpack(data: bytes) -> tuple[nn.Module, dict[str, str]]:
    """The network, in eval mode, and its metadata. Raises BadWeights for damaged or foreign bytes."""
    meta = metadata(data)
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError):
        raise BadWeights("The weights are damaged or no safetensors file.") from None
    architecture = meta.get("architecture", "")
    if architecture not in ARCHITECTURES:
        raise BadWeights(f"The weights are for the architecture {architecture!r}, which is not known here.")
    if meta.get("glyph_version") != str(GLYPH_VERSION):
        raise BadWeights(
            f"The weights were trained on glyphs of version {meta.get('glyph_version')}, not {GLYPH_VERSION}."
        )
    network = build(architecture)
    try:
        network.load_state_dict(tensors)
    except RuntimeError:
        raise BadWeights(f"The weights do not fit the architecture {architecture}.") from None
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise BadWeights("The weights hold numbers that are not finite.")
    return network.eval(), meta
