"""Encoded images -> uint8 arrays of one size, with care: the files may be anybody's."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from mlbench.datasets.base import Split
from mlbench.errors import DataError

MAX_PIXELS = 64_000_000
"""An image with more pixels is refused before it is decoded: it would take gigabytes."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000")
"""Formats decoded by Pillow itself; EPS and its like, which start other programs, are left out."""


def decode_images(
    split: Split,
    size: int,
    *,
    rows: npt.NDArray[np.int64] | None = None,
    workers: int | None = None,
    out: npt.NDArray[np.uint8] | None = None,
) -> npt.NDArray[np.uint8]:
    """The split's images (or those of `rows`) as uint8 [N, size, size, 3].

    Each is turned upright by its EXIF tag, laid on white where it is transparent, converted to RGB and
    squashed to a square (bilinear over all source pixels); written into `out` where that is given. Raises
    DataError that names the sample for one that does not decode or is too large.
    """
    chosen = range(len(split)) if rows is None else rows
    decoded = np.empty((len(chosen), size, size, 3), np.uint8) if out is None else out

    def fill(place: int) -> None:
        decoded[place] = _decode_sample(split, int(chosen[place]), size)

    with ThreadPoolExecutor(workers or min(8, os.cpu_count() or 1)) as pool:
        for _ in pool.map(fill, range(len(chosen)), chunksize=16):
            pass
    return decoded


def _decode_sample(split: Split, row: int, size: int) -> npt.NDArray[np.uint8]:
    sample = split.inputs[row]
    try:
        if isinstance(sample, bytes):
            return np.asarray(squash(open_image(sample, size), size))
        return np.asarray(squash(Image.fromarray(np.squeeze(np.asarray(sample))), size))
    except ImageError as error:
        raise DataError(
            f"image {split.ids[row]!r} (row {row}): {error}; replace it or drop the row"
        ) from error


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


def image_sizes(encoded: Sequence[bytes]) -> npt.NDArray[np.int64]:
    """Width and height of each image, read from its header; [N, 2], 0 × 0 where it cannot be read."""
    sizes = np.zeros((len(encoded), 2), np.int64)
    for row, sample in enumerate(encoded):
        try:
            with Image.open(io.BytesIO(sample), formats=FORMATS) as image:
                sizes[row] = image.size
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue
    return sizes
