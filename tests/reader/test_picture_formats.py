"""Every format and mode that people send becomes the same grey picture."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from recognition.reader.ink import decode_picture
from tests.drawing import as_bytes


def bar() -> Image.Image:
    """A black bar, off centre, on white: 60 wide, 40 high."""
    pixels = np.full((40, 60), 255, dtype=np.uint8)
    pixels[5:35, 10:16] = 0
    return Image.fromarray(pixels)


def assert_bar(grey: np.ndarray) -> None:
    assert grey.shape == (40, 60)
    assert grey.dtype == np.uint8
    assert grey[20, 40] > 240
    assert grey[20, 13] < 15


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_formats(kind: str) -> None:
    assert_bar(decode_picture(as_bytes(bar(), kind)).grey)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_modes_of_png(mode: str) -> None:
    assert_bar(decode_picture(as_bytes(bar().convert(mode))).grey)


def test_cmyk_jpeg() -> None:
    assert_bar(decode_picture(as_bytes(bar().convert("CMYK"), "JPEG", quality=95)).grey)


@pytest.mark.parametrize("white", [65_535, 4_095, 255], ids=["16 bits", "12 bits in 16", "8 bits in 16"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_deep_grey_is_scaled(kind: str, white: int) -> None:
    deep = (np.asarray(bar()) // 255).astype(np.uint16) * white
    assert_bar(decode_picture(as_bytes(Image.fromarray(deep), kind)).grey)


def test_16_bit_midtones_survive() -> None:
    ramp = np.linspace(0, 65_535, 256).astype(np.uint16)[None].repeat(8, axis=0)
    grey = decode_picture(as_bytes(Image.fromarray(ramp))).grey
    assert np.abs(grey[0].astype(int) - np.arange(256)).max() <= 1


def test_floating_point() -> None:
    shades = np.asarray(bar()).astype(np.float32) / 255
    assert_bar(decode_picture(as_bytes(Image.fromarray(shades), "TIFF")).grey)


@pytest.mark.parametrize("ink", [0, 255], ids=["black", "white"])
def test_ink_on_transparent_is_seen(ink: int) -> None:
    pixels = np.zeros((40, 60, 4), dtype=np.uint8)
    pixels[5:35, 10:16] = (ink, ink, ink, 255)
    grey = decode_picture(as_bytes(Image.fromarray(pixels))).grey
    assert abs(int(grey[20, 40]) - int(grey[20, 13])) == 255


def test_transparent_palette() -> None:
    image = bar().convert("P")
    white = int(np.asarray(image)[0, 0])
    grey = decode_picture(as_bytes(image, "PNG", transparency=white)).grey
    assert abs(int(grey[20, 40]) - int(grey[20, 13])) > 200


def test_card_on_transparent_is_no_ink_itself() -> None:
    pixels = np.zeros((40, 60, 4), dtype=np.uint8)
    pixels[3:37, 3:57] = 255
    pixels[5:35, 10:16] = (0, 0, 0, 255)
    grey = decode_picture(as_bytes(Image.fromarray(pixels))).grey
    assert grey[0, 0] > 200
    assert grey[20, 13] < 50


def test_nothing_on_transparent_is_uniform() -> None:
    grey = decode_picture(as_bytes(Image.new("RGBA", (30, 30), (0, 0, 0, 0)))).grey
    assert grey.min() == grey.max()


@pytest.mark.parametrize(
    ("paper", "ink"),
    [((255, 255, 255), (255, 255, 0)), ((0, 130, 0), (255, 0, 0)), ((255, 255, 255), (0, 0, 200))],
    ids=["yellow on white", "red on green", "blue on white"],
)
def test_colours_of_like_lightness_differ(paper: tuple[int, ...], ink: tuple[int, ...]) -> None:
    image = Image.new("RGB", (60, 40), paper)
    image.paste(ink, (10, 5, 16, 35))
    grey = decode_picture(as_bytes(image)).grey
    assert abs(int(grey[20, 40]) - int(grey[20, 13])) > 60


def test_exif_rotation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned a quarter clockwise
    grey = decode_picture(as_bytes(bar(), "JPEG", exif=exif, quality=95)).grey
    assert grey.shape == (60, 40)
    assert grey[13, 20] < 30
    assert grey[40, 20] > 225


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_an_animation(kind: str) -> None:
    file = BytesIO()
    frames = [Image.new("L", (60, 40), shade) for shade in (0, 128)]
    options = {"lossless": True} if kind == "WEBP" else {}
    bar().save(file, kind, save_all=True, append_images=frames, duration=100, **options)
    assert_bar(decode_picture(file.getvalue()).grey)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (4096, 4096)])
def test_extreme_sizes(size: tuple[int, int]) -> None:
    assert decode_picture(as_bytes(Image.new("1", size))).grey.shape == (size[1], size[0])
