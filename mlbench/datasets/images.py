"""Encoded images -> uint8 arrays of one size, with care: the files may be anybody's."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from PIL import Image

from mlbench.datasets.base import Split
from mlbench.datasets.decoding import FORMATS, ImageError, open_image, squash
from mlbench.errors import DataError


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
        called = f"image {split.ids[row]!r} (row {row})" if split.origins is None else split.origins[row]
        raise DataError(f"{called}: {error}; replace it or drop the row") from error


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
