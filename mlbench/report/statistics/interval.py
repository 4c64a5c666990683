"""The 95 % interval of a mean over few families, and the difference that so many of them would find.

Hartigan, Using Subsample Values as Typical Values, JASA 64 (1969): where N independent differences scatter evenly about
θ, whatever their spreads and tails, the means of their 2^N − 1 subsets cut the line into 2^N pieces that are equally
likely to hold θ. So the interval from the k-th smallest of these means to the k-th largest covers θ in all but 2k of
2^N cases. It is the test by changes of sign, turned round: what all families agree on stands, however far one of them
lies out, which widens an interval by Student's t until it says nothing. Five families cannot exclude 0: one of
their 32 patterns of signs is more than 2.5 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mlbench.report.data.arrays import Floats, settled

LEVEL = 0.95
LEAST_FAMILIES = 6
"""Fewer have no interval of this level."""
ALL_SUBSETS = 12
"""Up to so many differences every subset is taken; of more, SUBSETS at random, which keeps the level."""
SUBSETS = 3999
DRAWS = 2000
POWER = 0.8


@dataclass(frozen=True)
class Interval:
    """A mean with the ends of its interval, which are infinite where too few differences give none."""

    mean: float
    low: float
    high: float


def mean_interval(differences: Floats) -> Interval:
    """Of independent differences [families]."""
    values = settled(differences)
    low, high = _ends(values[None])
    return Interval(float(settled(values.mean())), float(low[0]), float(high[0]))


@lru_cache(64)
def detectable(families: int) -> float:
    """The true mean, in standard deviations of the differences, whose interval lies above 0 in POWER of draws.

    By simulation of normal differences: the interval moves with their mean, so that one set of draws serves for all
    means. Infinite where so few families have no interval.
    """
    if families < LEAST_FAMILIES:
        return math.inf
    low, _ = _ends(np.random.default_rng(0).normal(size=(DRAWS, families)))
    return float(np.quantile(-low, POWER))


def _ends(values: Floats) -> tuple[Floats, Floats]:
    """[draws, families] -> the lower and the upper ends, [draws]."""
    members = _subsets(values.shape[1])
    aside = math.floor((1 - LEVEL) / 2 * (len(members) + 1))
    if aside < 1:  # fewer than LEAST_FAMILIES
        return np.full(len(values), -np.inf), np.full(len(values), np.inf)
    low, high = np.empty((2, len(values)))
    sizes = members.sum(1)
    for draw, row in enumerate(values):
        means = settled(members @ row / sizes)
        means.partition((aside - 1, len(means) - aside))
        low[draw], high[draw] = means[aside - 1], means[-aside]
    return low, high


@lru_cache(8)
def _subsets(families: int) -> npt.NDArray[np.float64]:
    """Who is in each subset but the empty one, [subsets, families]."""
    if families <= ALL_SUBSETS:
        numbers = np.arange(1, 2**families)
        return ((numbers[:, None] >> np.arange(families)) & 1).astype(float)
    drawn = np.random.default_rng(0).integers(0, 2, size=(SUBSETS, families)).astype(float)
    return drawn[drawn.any(1)]
