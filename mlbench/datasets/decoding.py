"""One encoded image -> RGB pixels of a size. Nothing of mlbench is imported here: exported models carry this file."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

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
            return to_rgb(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        start = encoded[:12]
        raise ImageError(f"not an image that can be read ({len(encoded)} bytes starting {start!r})") from None
    except Image.DecompressionBombError as error:
        raise ImageError(f"it has too many pixels ({error})") from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError(f"the image does not decode ({error})") from None


def to_rgb(image: Image.Image) -> Image.Image:
    """RGB, transparent parts laid on white, 16-bit greys scaled to 8."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image.convert("RGB")


def squash(image: Image.Image, size: int) -> Image.Image:
    """The image as a square of `size`, its proportions not kept."""
    return to_rgb(image).resize((size, size), Image.Resampling.BILINEAR)
