"""How far a mean over families hangs on one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlbench.report.data.arrays import Floats, mean_of, settled


@dataclass(frozen=True)
class Leverage:
    """The mean of differences over families, and how it changes when any one family is left out."""

    mean: float
    median: float
    low: float
    """The least mean when one is left out; NaN of one family."""
    high: float
    """The greatest; NaN of one family."""
    carriers: tuple[str, ...]
    """The families that make more than half of the mean each; of fewer than three families none is named, since of two
    one nearly always does."""


def leverage(differences: Floats, families: Sequence[str]) -> Leverage:
    """Of differences [families]."""
    values, count = settled(differences), len(differences)
    mean, median = float(mean_of(values, 0)), float(settled(np.median(values)))
    if count < 2:
        return Leverage(mean, median, np.nan, np.nan, ())
    without = settled((values.sum() - values) / (count - 1))
    total = float(settled(values.sum()))
    half = float(settled(abs(total) / 2))
    carriers = [
        name for name, value in zip(families, values, strict=True) if value * np.sign(total) > half > 0
    ]
    return Leverage(
        mean, median, float(without.min()), float(without.max()), tuple(carriers) if count > 2 else ()
    )
