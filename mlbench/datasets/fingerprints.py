"""Fingerprints: a hash of a dataset's content and order, remembered by its files' paths, sizes and times."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mlbench.atomic_writes import atomic_write
from mlbench.datasets.base import Dataset, Split
from mlbench.datasets.places import cache_root
from mlbench.plain_text import parse_json

VERSION = 2
"""Raised when the same files would get another fingerprint: when hashing, reading or cutting splits changes."""


def content_fingerprint(dataset: Dataset) -> str:
    """32 hex digits over modality, vocabulary, and each split's ids, inputs, targets and unscored entries."""
    digest = hashlib.blake2b(digest_size=16, person=b"mlbench-data")
    digest.update(f"{VERSION}\n{dataset.modality}\n".encode())
    _add_strings(digest, dataset.labels)
    for name, split in dataset.splits.items():
        digest.update(f"\n{name} {len(split)}\n".encode())
        _add_strings(digest, split.ids)
        _add_inputs(digest, split)
        digest.update(np.packbits(split.targets, axis=None).tobytes())
        if split.unscored is not None:
            digest.update(b"unscored" + np.packbits(split.unscored, axis=None).tobytes())
    return digest.hexdigest()


def bytes_fingerprint(files: Iterable[Path]) -> str:
    """32 hex digits over the bytes of files: the fingerprint of a dataset that cannot be read."""
    digest = hashlib.blake2b(digest_size=16, person=b"mlbench-file")
    for file in files:
        digest.update(f"{file.name}\n{file.stat().st_size}\n".encode("utf-8", "surrogateescape"))
        with file.open("rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    return digest.hexdigest()


def file_stamps(files: Iterable[Path]) -> list[list[Any]]:
    """Path, size and time of each file: what says cheaply that nothing has changed."""
    stamps: list[list[Any]] = []
    for file in files:
        status = file.stat()
        stamps.append([str(file.resolve()), status.st_size, status.st_mtime_ns])
    return stamps


def remembered(stamp: Any, compute: Callable[[], str]) -> str:
    """The fingerprint kept for `stamp` (any JSON value) in the cache folder, else computed and kept."""
    value: str = memo("fingerprints", stamp, compute)
    return value


def memo(kind: str, stamp: Any, compute: Callable[[], Any]) -> Any:
    """The JSON value kept for `stamp` under the cache folder `kind`, else computed and kept.

    What is kept can be lost or broken at any time: it is then computed again.
    """
    key = hashlib.blake2b(json.dumps([VERSION, stamp], sort_keys=True).encode(), digest_size=16).hexdigest()
    file = cache_root() / kind / f"{key}.json"
    try:
        return parse_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        pass
    value = compute()
    _keep(file, json.dumps(value))
    return value


def _keep(file: Path, value: str) -> None:
    """Write whole or not at all; a cache folder that cannot be written only costs time."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(file) as temporary:
            temporary.write_text(value, encoding="utf-8")
    except OSError:
        return


def _add_strings(digest: Any, strings: Iterable[str]) -> None:
    """Length, then bytes, so that no two lists give the same stream."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in strings]
    digest.update(np.array([len(encoded), *map(len, encoded)], dtype="<i8").tobytes())
    digest.update(b"".join(encoded))


def _add_inputs(digest: Any, split: Split) -> None:
    inputs = split.inputs
    if isinstance(inputs, np.ndarray):
        digest.update(f"{inputs.dtype.str} {inputs.shape}\n".encode())
        digest.update(np.ascontiguousarray(inputs).data)
        return
    for sample in inputs:
        encoded = sample if isinstance(sample, bytes) else sample.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
