"""Which samples of a dataset have the very same input: the same text, the same bytes, the same numbers."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from mlbench.datasets.base import Inputs


def input_digests(inputs: Inputs) -> list[bytes]:
    """16 bytes for each input, the same where inputs are the same."""
    return [_digest(sample) for sample in inputs]


def identical_groups(inputs: Inputs) -> npt.NDArray[np.int64]:
    """For each input the number of its group, int64 [N]: those of identical inputs are equal, and groups are
    counted from 0 in the order in which they first appear, so that N unlike inputs have the groups 0 … N − 1."""
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(digest, len(numbers)) for digest in input_digests(inputs)], np.int64)


def _digest(sample: Any) -> bytes:
    if isinstance(sample, str):
        sample = sample.encode("utf-8", "surrogatepass")
    elif isinstance(sample, np.ndarray):
        # −0.0 is the number 0.0, though not in its bytes.
        sample = (sample + sample.dtype.type(0)).tobytes()
    return hashlib.blake2b(sample, digest_size=16).digest()
