"""What is no picture is refused with one sentence, and no exception but BadInk ever escapes."""

import random
import struct
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from PIL import Image

from recognition.reader.ink import BadInk, decode_picture
from tests.drawing import as_bytes, picture_of

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")

KINDS = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]


@pytest.mark.parametrize(
    "data",
    [b"", b"just text, called 1.png", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP",
     b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"\0" * 5000],
)  # fmt: skip
def test_foreign_bytes(data: bytes) -> None:
    with pytest.raises(BadInk, match=r"^[A-Z][^\n]*\.$"):
        decode_picture(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.05, 0.3, 0.5, 0.8, 0.95])
def test_truncated_files(kind: str, part: float) -> None:
    data = as_bytes(picture_of("8").convert("RGB"), kind)
    with pytest.raises(BadInk):
        decode_picture(data[: int(len(data) * part)])


def test_png_without_its_end() -> None:
    data = as_bytes(picture_of("8"))
    with pytest.raises(BadInk):
        decode_picture(data[:-12])


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_bytes_raise_nothing_else(kind: str) -> None:
    data = as_bytes(picture_of("3").resize((40, 40)).convert("RGB"), kind)
    chance = random.Random(5)
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with suppress(BadInk):
            decode_picture(bytes(damaged))


def huge_png(side: int) -> bytes:
    """A PNG of side x side black pixels, packed to a few kB."""
    raw = zlib.compressobj(9)
    lines = b"".join(raw.compress(b"\0" * (1 + side // 8)) for _ in range(side)) + raw.flush()

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    end = chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + end


@pytest.mark.parametrize("side", [4097, 12_000, 20_000])
def test_huge_pictures_are_refused_cheaply(side: int) -> None:
    data = huge_png(side)
    tracemalloc.start()
    with pytest.raises(BadInk, match="too large"):
        decode_picture(data)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_lengthy_strips_are_refused() -> None:
    with pytest.raises(BadInk, match="too large"):
        decode_picture(as_bytes(Image.new("1", (20_000, 1))))
