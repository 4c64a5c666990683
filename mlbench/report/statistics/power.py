"""How many families it takes to find a difference, and how large one must be for so many to find it.

By the non-central t of a paired test, two-sided at a level that a correction for many comparisons may have lowered.
Wilcoxon's test needs about 5 % more families on normal differences and fewer on heavy tails; whatever the spread, it
needs so many that its smallest p passes the level.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import optimize, special, stats

from mlbench.report.arrays import Floats
from mlbench.report.statistics.frequentist import smallest_p

POWER = 0.8
NODES = 2000
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


def families_needed(effect: float, level: float) -> int | None:
    """The fewest that find a true mean of `effect` > 0 standard deviations in POWER of studies; None above
    MOST_FAMILIES."""
    low = max(2, math.ceil(1 + math.log2(1 / level)))
    if power(low, effect, level) >= POWER:
        return low
    high = low
    while power(high, effect, level) < POWER:
        if high >= MOST_FAMILIES:
            return None
        low, high = high, min(2 * high, MOST_FAMILIES)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle, effect, level) >= POWER else (middle, high)
    return high


def effect_found(families: int, level: float) -> float | None:
    """The true mean, in standard deviations, that so many find in POWER of studies; None where Wilcoxon's test over
    them cannot pass the level, however large it is."""
    if families < 2 or smallest_p(families) > level:
        return None
    return float(optimize.brentq(lambda effect: power(families, effect, level) - POWER, 0.0, 50.0, xtol=1e-4))
