"""Images that do not decode, left out where that is asked for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from mlbench.datasets.decoding import ImageError, open_image
from mlbench.datasets.files.assemble import Part
from mlbench.datasets.files.columns import column_of, read_images
from mlbench.datasets.fingerprints import memo

NAMED = 5
SEEN_AS = 1
"""Raised when other images would decode."""


def skip_unreadable(part: Part) -> Part:
    """The part without the rows whose image does not decode, every one of them tried in full (once: what was found is
    kept by their content); a remark counts and names them."""
    if "image" not in part.table.column_names:
        return part
    images = read_images(column_of(part.table, "image"), part.place.called("image"), part.place)
    digest = hashlib.blake2b(digest_size=16)
    for image in images:
        digest.update(hashlib.blake2b(image, digest_size=16).digest())
    bad: list[int] = memo("unreadable", [SEEN_AS, digest.hexdigest()], lambda: _find(images))
    if not bad:
        return part
    named = [part.origins[row] if part.origins else part.place.row_name(row) for row in bad]
    shown = ", ".join(named[:NAMED]) + ", …" * (len(named) > NAMED)
    kept = part.take(np.setdiff1d(np.arange(len(images)), bad))
    remark = f"images that do not decode in {len(bad):,} of {len(images):,} rows ({shown}): left out"
    return replace(kept, remarks=(*part.remarks, remark))


def _find(images: Sequence[bytes]) -> list[int]:
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        good = list(pool.map(_decodes, images, chunksize=16))
    return [row for row, decodes in enumerate(good) if not decodes]


def _decodes(image: bytes) -> bool:
    try:
        open_image(image, 64)
    except ImageError:
        return False
    return True
