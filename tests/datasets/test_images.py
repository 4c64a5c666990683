"""Decoding: real files of several formats and modes, damaged ones, and ones that are too large."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

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


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_by_its_pixels(orientation: int) -> None:
    """Against Pillow's own turning, of a picture that no turn leaves as it is."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = encoded(photograph(12, 12), "PNG", exif=exif)
    with Image.open(io.BytesIO(stored)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert np.array_equal(decode_images(split_of(stored), 12)[0], expected)


@pytest.mark.parametrize("odd", [{0x0128: "inches"}, {0x0112: "6"}, {0x011A: "many"}])
def test_one_odd_tag_of_exif_costs_nothing(odd: dict[int, object]) -> None:
    """A resolution unit written as text in a turned JPEG."""
    exif = Image.Exif()
    exif[0x0112] = 6
    plain = decode_images(split_of(encoded(photograph(12, 12), "JPEG", exif=exif)), 12)[0]
    unturned = decode_images(split_of(encoded(photograph(12, 12), "JPEG")), 12)[0]
    stored = io.BytesIO()
    tags = exif_bytes({0x0112: 6, **odd})
    photograph(12, 12).save(stored, "JPEG", exif=tags)
    expected = unturned if 0x0112 in odd else plain
    assert np.array_equal(decode_images(split_of(stored.getvalue()), 12)[0], expected)


def exif_bytes(tags: dict[int, object]) -> bytes:
    """EXIF data written by hand: text is of the type ASCII, whatever the tag wants."""
    entries, behind = b"", b""
    start = 8 + 2 + 12 * len(tags) + 4
    for tag, value in sorted(tags.items()):
        if isinstance(value, int):
            entries += struct.pack("<HHIHH", tag, 3, 1, value, 0)
        else:
            text = str(value).encode() + b"\0"
            at = struct.pack("<I", start + len(behind)) if len(text) > 4 else text.ljust(4, b"\0")
            entries += struct.pack("<HHI", tag, 2, len(text)) + at
            behind += text if len(text) > 4 else b""
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + b"\0" * 4 + behind


def test_greys_of_16_bits_and_floats_are_scaled_by_their_type() -> None:
    """What Pillow's own conversion makes one flat picture of."""
    ramp = np.linspace(0, 65_535, 64).reshape(8, 8)
    sixteen = ramp.astype(">u2")
    pgm = b"P5 8 8 65535\n" + sixteen.tobytes()
    png = encoded(Image.fromarray(ramp.astype(np.uint16)))
    pfm = b"Pf\n8 8\n-1.0\n" + (ramp[::-1] / 65_535).astype("<f4").tobytes()
    tiff = encoded(Image.fromarray((ramp / 65_535).astype(np.float32)), "TIFF")
    pixels = decode_images(split_of(pgm, png, pfm, tiff), 8)[..., 0].astype(int)
    for found in pixels:
        assert np.abs(found - np.rint(ramp / 65_535 * 255)).max() <= 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([[0, 70_000], [5, 9]], np.int32), r"whole numbers of 32 bits \(0 to 70000\)"),
        (np.array([[0, 200], [5, 9]], np.int32), r"whole numbers of 32 bits \(0 to 200\)"),
        (np.array([[-1.5, 200], [5, 9]], np.float32), r"floating-point numbers from -1\.5 to 200"),
        (np.array([[np.nan, 1], [0, 0]], np.float32), r"floating-point numbers from nan"),
    ],
)
def test_numbers_whose_range_nobody_knows_are_refused(values: np.ndarray, message: str) -> None:
    stored = encoded(Image.fromarray(values), "TIFF")
    with pytest.raises(DataError, match=rf"image 'image0' \(row 0\): .*{message}"):
        decode_images(split_of(stored), 4)


def test_an_image_with_a_file_of_its_own_is_called_by_it() -> None:
    split = Split(
        [b"no image"], np.ones((1, 1), np.uint8), ["7"], origins=["labels.csv, line 9: image 'x.png'"]
    )
    with pytest.raises(DataError, match=r"^labels\.csv, line 9: image 'x\.png': not an image"):
        decode_images(split, 4)


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
