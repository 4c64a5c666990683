"""Decoding: real files of several formats and modes, damaged ones, and ones that are too large."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mlbench.datasets import Split, decode_images
from mlbench.datasets.images import image_sizes
from mlbench.errors import DataError


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def split_of(*images: bytes) -> Split:
    ids = [f"image{row}" for row in range(len(images))]
    return Split(list(images), np.ones((len(images), 1), np.uint8), ids)


def photograph(width: int = 40, height: int = 30) -> Image.Image:
    ramp = np.linspace(0, 255, width * height * 3).reshape(height, width, 3).astype(np.uint8)
    return Image.fromarray(ramp)


def test_squashes_to_a_square_of_rgb() -> None:
    pixels = decode_images(split_of(encoded(photograph()), encoded(photograph(7, 90), "JPEG")), 16)
    assert pixels.shape == (2, 16, 16, 3)
    assert pixels.dtype == np.uint8
    expected = np.asarray(photograph().resize((16, 16), Image.Resampling.BILINEAR))
    assert np.array_equal(pixels[0], expected)


def test_rows_are_chosen_in_order() -> None:
    split = split_of(*(encoded(Image.new("RGB", (4, 4), (grey, grey, grey))) for grey in range(10)))
    assert decode_images(split, 2, rows=np.array([7, 2]))[:, 0, 0, 0].tolist() == [7, 2]
    assert len(decode_images(split, 2, rows=np.array([], np.int64))) == 0


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 100, (100, 100, 100)),
        ("1", 1, (255, 255, 255)),
        ("RGBA", (200, 0, 0, 0), (255, 255, 255)),
        ("LA", (0, 0), (255, 255, 255)),
        ("I;16", 100 * 256, (100, 100, 100)),
        ("RGB", (1, 2, 3), (1, 2, 3)),
    ],
)
def test_modes(mode: str, colour: object, expected: tuple[int, int, int]) -> None:
    image = Image.new(mode, (8, 8), colour)  # type: ignore[arg-type]
    assert tuple(decode_images(split_of(encoded(image)), 4)[0, 1, 1]) == expected


def test_a_palette_with_a_transparent_colour_is_laid_on_white() -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([10, 20, 30] * 256)
    assert tuple(decode_images(split_of(encoded(image, "GIF", transparency=0)), 4)[0, 1, 1]) == (255,) * 3


def test_is_turned_upright() -> None:
    """EXIF orientation 6: the file's left side is the top."""
    image = Image.new("RGB", (20, 20), "white")
    image.paste("black", (0, 0, 10, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = decode_images(split_of(encoded(image, "JPEG", exif=exif, quality=95)), 20)[0, :, :, 0]
    assert pixels[:8].mean() < 20
    assert pixels[12:].mean() > 230


def test_arrays_are_resized_too() -> None:
    grey = np.full((3, 8, 8, 1), 77, np.uint8)
    pixels = decode_images(Split(grey, np.ones((3, 1), np.uint8), ["a", "b", "c"]), 5)
    assert pixels.shape == (3, 5, 5, 3)
    assert (pixels == 77).all()


def huge_png() -> bytes:
    """A PNG whose header promises 60,000 × 60,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an image"),
        (b"col1,col2\n1,2\n", "not an image that can be read .*col1"),
        (encoded(photograph(200, 200), "JPEG")[:1200], "does not decode"),
        (encoded(photograph())[:90], "does not decode"),
        (huge_png(), "pixels"),
        (encoded(Image.new("1", (9000, 9000))), "81000000|9000 × 9000 pixels"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bad_images_are_named(content: bytes, message: str) -> None:
    split = split_of(encoded(photograph()), content)
    with pytest.raises(DataError, match=rf"image 'image1' \(row 1\): .*({message})"):
        decode_images(split, 8)


def test_image_sizes_are_read_from_the_header() -> None:
    assert image_sizes([encoded(photograph(9, 5)), b"no image"]).tolist() == [[9, 5], [0, 0]]
