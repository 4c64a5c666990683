"""Arrays in which something may be missing, their means and spreads; nothing here loads more than numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Banded:
    """A number of each loss, or a curve, with the ends of its 95 % interval; arrays of one shape."""

    value: Floats
    low: Floats
    high: Floats


def nanmean(array: Floats, axis: int | tuple[int, ...]) -> Floats:
    """The mean of what is there; NaN, without a warning, where nothing is."""
    there = ~np.isnan(array)
    count = there.sum(axis)
    total = np.where(there, array, 0.0).sum(axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def nanstd(array: Floats, axis: int) -> Floats:
    """The sample standard deviation (n − 1) of what is there; NaN where fewer than two are."""
    count = (~np.isnan(array)).sum(axis)
    centred = array - np.expand_dims(nanmean(array, axis), axis)
    squares = np.where(np.isnan(centred), 0.0, centred**2).sum(axis)
    return np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
