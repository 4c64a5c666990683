"""Which training rows a cell has, as a name for what is fitted to them."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt


def rows_digest(rows: npt.NDArray[np.int64]) -> str:
    """A hash of the rows and their order."""
    return hashlib.sha256(rows.tobytes()).hexdigest()
