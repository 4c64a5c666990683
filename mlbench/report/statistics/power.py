"""How many families it takes to find a difference, and how large one must be for so many to find it.

Two-sided, at a level that a correction for many comparisons may have lowered. Up to FEW families the power is that of
Wilcoxon's test itself, by simulation of normal differences: its p are so coarse there that 8 families at a level of 1 %
must all agree, which they do in 58 % of studies where a t-test finds the same in 80 %. Of more it is that of the
non-central t: Wilcoxon's test then needs about 5 % more families on normal differences and fewer on heavy tails.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import optimize, special, stats

from mlbench.report.data.arrays import Floats
from mlbench.report.statistics.frequentist import smallest_p

POWER = 0.8
NODES = 2000
FEW, DRAWS = 20, 4000
MOST_FAMILIES = 10_000
"""More are not counted: a difference that it takes so many to find is not there to be found."""


def power(families: int, effect: float, level: float) -> float:
    """Of a paired t-test against a true mean of `effect` standard deviations.

    The non-central t by quadrature over the standard deviation seen: scipy's own is NaN where the mean is large.
    """
    limit = stats.t.ppf(1 - level / 2, families - 1) * _deviations(families - 1)
    shift = effect * math.sqrt(families)
    return float((special.ndtr(shift - limit) + special.ndtr(-shift - limit)).mean())


@lru_cache(256)
def _deviations(freedom: int) -> Floats:
    """Standard deviations that so many degrees of freedom see of a true one of 1, equally likely."""
    likely = (np.arange(NODES) + 0.5) / NODES
    return np.sqrt(stats.chi2.ppf(likely, freedom) / freedom)


def found(families: int, effect: float, level: float) -> float:
    """In what share of studies Wilcoxon's test finds a true mean of `effect` standard deviations."""
    if families > FEW:
        return power(families, effect, level)
    values = _draws(families) + effect
    ranks = np.abs(values).argsort(1).argsort(1) + 1
    below = (ranks * (values < 0)).sum(1)
    return float(
        (np.minimum(below, families * (families + 1) // 2 - below) <= _limit(families, level)).mean()
    )


@lru_cache(32)
def _draws(families: int) -> Floats:
    return np.random.default_rng(0).normal(size=(DRAWS, families))


@lru_cache(256)
def _limit(families: int, level: float) -> int:
    """The largest smaller sum of signed ranks that passes the level; −1 where none does."""
    ways = np.ones(1)
    for rank in range(1, families + 1):
        ways = np.convolve(ways, np.eye(1, rank + 1)[0] + np.eye(1, rank + 1, rank)[0])
    return int((2 * ways.cumsum() / 2.0**families <= level).sum()) - 1


def families_needed(effect: float, level: float) -> int | None:
    """The fewest that find a true mean of `effect` > 0 standard deviations in POWER of studies; None above
    MOST_FAMILIES."""
    low = max(2, math.ceil(1 + math.log2(1 / level)))
    if found(low, effect, level) >= POWER:
        return low
    high = low
    while found(high, effect, level) < POWER:
        if high >= MOST_FAMILIES:
            return None
        low, high = high, min(2 * high, MOST_FAMILIES)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if found(middle, effect, level) >= POWER else (middle, high)
    return high


def effect_found(families: int, level: float) -> float | None:
    """The true mean, in standard deviations, that so many find in POWER of studies; None where Wilcoxon's test over
    them cannot pass the level, however large it is."""
    if families < 2 or smallest_p(families) > level:
        return None
    return float(optimize.brentq(lambda effect: found(families, effect, level) - POWER, 0.0, 50.0, xtol=1e-4))
