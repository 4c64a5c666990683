"""The Bayesian signed-rank test with a region of practical equivalence.

Benavoli, Corani, Demšar, Zaffalon, Time for a Change: a Tutorial for Comparing Multiple Classifiers Through
Bayesian Analysis, JMLR 18 (2017): a Dirichlet process over the differences, with one pseudo-block at
difference 0 whose strength, 0.6, is that of the code that the authors released. Given the weights w of the blocks,
"better" has the probability Σ_ij w_i w_j over the pairs with z_i + z_j > 2 rope (half of it where equal), "worse"
that over those below −2 rope. What is given here are the posterior means of the three probabilities, in closed
form. The authors' figures are another thing: the share of draws in which each of the three is the largest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlbench.report.data.arrays import Floats, settled

PRIOR_STRENGTH = 0.6


@dataclass(frozen=True)
class SignedRank:
    """Posterior mean probabilities that two new families together find it worse, practically equal, or better."""

    worse: float
    equal: float
    better: float


def signed_rank(differences: Floats, *, rope: float) -> SignedRank:
    """Of paired differences [blocks], positive where better; within ±`rope` two losses count as equal."""
    z = np.append(np.asarray(differences, dtype=float), 0.0)
    strengths = np.append(np.ones(len(z) - 1), PRIOR_STRENGTH)
    total = strengths.sum()
    weights = (np.outer(strengths, strengths) + np.diag(strengths)) / (total * (total + 1))
    sums, limit = settled(z[:, None] + z), float(settled(2 * rope))
    better, worse = (
        float((weights * np.where(side == limit, 0.5, side > limit)).sum()) for side in (sums, -sums)
    )
    return SignedRank(worse, 1 - worse - better, better)
