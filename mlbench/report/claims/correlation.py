"""Whether a gain grows with a number of the datasets, by the ranks of few families."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from mlbench.report.claims.base import ClaimVerdict
from mlbench.report.data.arrays import Floats, settled
from mlbench.report.statistics.interval import LEAST_FAMILIES, LEVEL
from mlbench.report.wording import count

ALL_ORDERS = 7
"""Up to so many families every order is taken; of more, ORDERS at random."""
ORDERS = 9999


def correlation(cardinality: Floats, gain: Floats) -> tuple[ClaimVerdict, str]:
    """Of the labels a sample and the gain, [families] each; NaN where the first are not known.

    Spearman's rank correlation, its two one-sided p by permutation of the families: the claim holds where it is above
    0 at 2.5 %, does not hold where it is below, as an interval of 95 % would say.
    """
    known = ~np.isnan(cardinality)
    families = int(known.sum())
    if families < LEAST_FAMILIES or len(set(cardinality[known])) < 3:
        return ClaimVerdict.NOT_TESTABLE, (
            f"The number of labels a sample is known of {count(families, 'family', 'families')}; it takes "
            f"{LEAST_FAMILIES} families and three different numbers."
        )
    gained = settled(gain[known])
    if np.ptp(gained) == 0:
        return ClaimVerdict.CANNOT_TELL, f"The gain is the same on all {families} families."
    rho, above, below = spearman(cardinality[known], gained)
    level = (1 - LEVEL) / 2
    verdict = (
        ClaimVerdict.HOLDS
        if above <= level
        else ClaimVerdict.FAILS
        if below <= level
        else ClaimVerdict.CANNOT_TELL
    )
    return verdict, (
        f"Spearman's correlation of gain and labels a sample over {families} families is {rho:.2f} (one-sided p = "
        f"{min(above, below):.3f})."
    )


def spearman(first: Floats, second: Floats) -> tuple[float, float, float]:
    """The rank correlation, and how often an order of the families at random gives one so large, or so small."""
    one, other = (_standardised(rankdata(values)) for values in (first, second))
    found = float(one @ other)
    drawn = other[_orders(len(one))] @ one
    return found, float((drawn >= found - 1e-9).mean()), float((drawn <= found + 1e-9).mean())


def _standardised(ranks: Floats) -> Floats:
    centred = ranks - ranks.mean()
    return np.asarray(centred / math.sqrt((centred**2).sum()))


@lru_cache(8)
def _orders(families: int) -> npt.NDArray[np.intp]:
    """[orders, families], the one at hand among them."""
    if families <= ALL_ORDERS:
        return np.array(list(itertools.permutations(range(families))))
    random = np.random.default_rng(0)
    drawn = random.permuted(np.tile(np.arange(families), (ORDERS, 1)), axis=1)
    return np.concatenate([np.arange(families)[None], drawn])
