"""Weights as bytes: what was packed comes back, and what is damaged or foreign is refused."""

import json
import pickle

import pytest
import torch
from safetensors.torch import save

from recognition.reader.header import BadWeights, sha256
from recognition.reader.networks import ARCHITECTURES, build, predict
from recognition.reader.reader import Reader
from recognition.reader.weights import pack, unpack

GLYPHS = (torch.rand(4, 28, 28, generator=torch.Generator().manual_seed(1)) * 255).to(torch.uint8)


def packed(architecture: str = "lenet", **meta: str) -> bytes:
    return pack(build(architecture), {"architecture": architecture, **meta})


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_round_trip(architecture: str) -> None:
    network = build(architecture)
    copy, meta = unpack(pack(network, {"architecture": architecture, "temperature": "1.5"}))
    assert meta["architecture"] == architecture
    assert meta["temperature"] == "1.5"
    assert torch.equal(predict(network, GLYPHS), predict(copy, GLYPHS))
    assert not copy.training


def test_the_same_network_has_the_same_bytes() -> None:
    network = build("lenet")
    meta = {"architecture": "lenet", **{f"figure {n}": str(n) for n in range(20)}}
    packed_often = {sha256(pack(network, meta)) for _ in range(10)}
    assert len(packed_often) == 1
    one = pack(network, {"architecture": "lenet", "temperature": "1"})
    assert one == pack(network, {"temperature": "1", "architecture": "lenet"})
    assert sha256(one) != sha256(packed())


@pytest.mark.parametrize("kept", [0, 4, 8, 100, 1000, -1, -5000])
def test_truncated(kept: int) -> None:
    with pytest.raises(BadWeights, match=r"^[A-Z][^\n]*\.$"):
        unpack(packed()[:kept])


def test_trailing_bytes() -> None:
    with pytest.raises(BadWeights):
        unpack(packed() + b"more")


@pytest.mark.parametrize(
    "data",
    [
        b"no weights at all, only text that is long enough to have a header length",
        pickle.dumps({"architecture": "lenet"}),
        b"\xff" * 200,
        save({"a": torch.zeros(3)}),
        save({"a": torch.zeros(3)}, metadata={"architecture": "lenet", "glyph_version": "1"}),
        save({"a": torch.zeros(3)}, metadata={"architecture": "unknown", "glyph_version": "1"}),
    ],
    ids=["text", "pickle", "bytes", "no metadata", "other tensors", "unknown architecture"],
)
def test_foreign(data: bytes) -> None:
    with pytest.raises(BadWeights, match=r"^[A-Z][^\n]*\.$"):
        unpack(data)


def test_a_pickle_is_never_run() -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (pytest.fail, ("the pickle ran",))

    with pytest.raises(BadWeights):
        unpack(pickle.dumps(Trap()))


def test_glyphs_of_another_version() -> None:
    with pytest.raises(BadWeights, match="version 99"):
        unpack(packed(glyph_version="99"))


def test_weights_of_another_shape() -> None:
    data = save(
        dict(build("feed-forward-15").state_dict()),
        metadata={"architecture": "feed-forward-42", "glyph_version": "1"},
    )
    with pytest.raises(BadWeights, match="fit"):
        unpack(data)


def test_numbers_that_are_not_finite() -> None:
    network = build("lenet")
    with torch.no_grad():
        next(network.parameters()).fill_(float("nan"))
    with pytest.raises(BadWeights, match="finite"):
        unpack(pack(network, {"architecture": "lenet"}))


def test_a_header_that_lies_about_its_length() -> None:
    header = json.dumps({"__metadata__": {"architecture": "lenet"}}).encode()
    for length in (2**63, len(header) + 100, 2):
        with pytest.raises(BadWeights):
            unpack(length.to_bytes(8, "little") + header)


def test_pack_refuses_an_unknown_name() -> None:
    with pytest.raises(ValueError, match="architecture"):
        pack(build("lenet"), {"architecture": "resnet"})


@pytest.mark.parametrize("temperature", ["0", "-1", "nan", "warm"])
def test_a_reader_refuses_a_temperature_that_is_none(temperature: str) -> None:
    with pytest.raises(BadWeights):
        Reader(packed(temperature=temperature))
