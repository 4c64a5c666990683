"""Whether a gain grows with a number of the datasets, by the ranks of few families."""

from __future__ import annotations

import numpy as np

from mlbench.report.claims.base import ClaimVerdict
from mlbench.report.data.arrays import Floats, settled
from mlbench.report.statistics.correlation import spearman
from mlbench.report.statistics.interval import LEAST_FAMILIES, LEVEL
from mlbench.report.wording import count


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
