"""The Bayesian signed-rank test with a region of practical equivalence.

Benavoli, Corani, Demšar, Zaffalon, Time for a Change: a Tutorial for Comparing Multiple Classifiers Through
Bayesian Analysis, JMLR 18 (2017): a Dirichlet process over the differences, with one pseudo-block at
difference 0 whose strength, 0.6, is that of the code that the authors released.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mlbench.report.arrays import Floats

ROPE = 0.01
PRIOR_STRENGTH = 0.6
SAMPLES = 10_000


@dataclass(frozen=True)
class SignedRank:
    """The probabilities that a new family would find it worse, practically equal, or better."""

    worse: float
    equal: float
    better: float


def signed_rank(
    differences: Floats, *, rope: float = ROPE, samples: int = SAMPLES, seed: int = 0
) -> SignedRank:
    """Of paired differences [blocks], positive where better; within ±`rope` two losses count as equal.

    A sample of the posterior weighs the blocks, w; the weight of "better" is Σ_ij w_i w_j over the pairs with
    z_i + z_j > 2 rope (half of it where equal), of "worse" over those below −2 rope, and the largest of the
    three wins the sample.
    """
    z = np.append(np.asarray(differences, dtype=float), 0.0)
    weights, sums = _weights(len(z), samples, seed), z[:, None] + z
    better, worse = (_mass(side, 2 * rope, weights) for side in (sums, -sums))
    winners = np.argmax(np.stack([worse, 1 - worse - better, better]), axis=0)
    shares = np.bincount(winners, minlength=3) / samples
    return SignedRank(*(float(share) for share in shares))


def _mass(sums: Floats, limit: float, weights: Floats) -> Floats:
    """[samples]: the weight of the pairs whose sum is above `limit`, half of it where equal."""
    above = np.where(sums == limit, 0.5, sums > limit)
    mass: Floats = np.einsum("is,is->s", weights, above @ weights)
    return mass


@lru_cache(16)
def _weights(count: int, samples: int, seed: int) -> Floats:
    """[count, samples] draws of the posterior; the last is the pseudo-block's."""
    strengths = np.append(np.ones(count - 1), PRIOR_STRENGTH)
    return np.random.default_rng(seed).dirichlet(strengths, size=samples).T.copy()
