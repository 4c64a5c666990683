"""One encoded image -> RGB pixels of a size. Nothing of mlbench is imported here: exported models carry this file."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, UnidentifiedImageError

MAX_PIXELS = 64_000_000
"""An image with more pixels is refused before it is decoded: it would take gigabytes."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000")
"""Formats decoded by Pillow itself; EPS and its like, which start other programs, are left out."""


class ImageError(ValueError):
    """Bytes that are no image, a damaged one, or one that is too large."""


def open_image(encoded: bytes, size: int | None = None) -> Image.Image:
    """The decoded RGB image; where `size` is given a JPEG may be decoded smaller, but not below `size`."""
    try:
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ImageError(f"{width} × {height} pixels are more than the {MAX_PIXELS:,} allowed")
            if size is not None:
                image.draft("RGB", (size, size))
            return upright(to_rgb(image), image)
    except UnidentifiedImageError:
        start = encoded[:12]
        raise ImageError(f"not an image that can be read ({len(encoded)} bytes starting {start!r})") from None
    except Image.DecompressionBombError as error:
        raise ImageError(f"it has too many pixels ({error})") from None
    except ImageError:
        raise
    except Exception as error:  # A decoder of Pillow raises whatever a damaged file leads it to.
        raise ImageError(f"the image does not decode ({type(error).__name__}: {error})") from None


ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns an image upright, by its EXIF orientation."""


def upright(image: Image.Image, opened: Image.Image) -> Image.Image:
    """The image turned as the EXIF data of `opened` say. They are read and not written again: one odd tag among them
    must not cost the image. Those that cannot be read say nothing."""
    try:
        turn = _TURNS.get(opened.getexif().get(ORIENTATION, 1))
    except Exception:  # As above; a key that is no number is a TypeError.
        turn = None
    return image if turn is None else image.transpose(turn)


def to_rgb(image: Image.Image) -> Image.Image:
    """RGB, transparent parts laid on white, 16-bit greys scaled to 8, greys from 0 to 1 to 0 to 255. Raises ImageError
    for numbers whose range nobody knows."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode == "I":
        return _from_integers(image)
    if image.mode == "F":
        return _from_floats(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image.convert("RGB")


def _from_integers(image: Image.Image) -> Image.Image:
    """PNG and PGM hold 16 bits here; what a TIFF file's 32 bits mean only its maker knows."""
    values = np.asarray(image)
    if image.format not in ("PNG", "PPM", "JPEG2000") or values.min() < 0 or values.max() > 65_535:
        raise ImageError(
            f"its pixels are whole numbers of 32 bits ({values.min()} to {values.max()}), whose black and white nobody "
            "knows; save it with 8 or 16 bits"
        )
    return Image.fromarray((values >> 8).astype(np.uint8)).convert("RGB")


def _from_floats(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):
        raise ImageError(
            f"its pixels are floating-point numbers from {low:g} to {high:g}, where 0 to 1 are black to white; scale "
            "them, or save it with 8 or 16 bits"
        )
    return Image.fromarray(np.rint(values * 255).astype(np.uint8)).convert("RGB")


def squash(image: Image.Image, size: int) -> Image.Image:
    """The image as a square of `size`, its proportions not kept."""
    return to_rgb(image).resize((size, size), Image.Resampling.BILINEAR)
