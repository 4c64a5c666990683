"""The Bayesian signed-rank test with a region of practical equivalence.

Benavoli, Corani, Demšar, Zaffalon, Time for a Change: a Tutorial for Comparing Multiple Classifiers Through
Bayesian Analysis, JMLR 18 (2017): a Dirichlet process over the differences, with one pseudo-block at
difference 0 whose strength, 0.6, is that of the code that the authors released.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlbench.report.grid import Floats

ROPE = 0.01
PRIOR_STRENGTH = 0.6
SAMPLES = 20_000


@dataclass(frozen=True)
class SignedRank:
    """The probabilities that a new family would find it worse, practically equal, or better."""

    worse: float
    equal: float
    better: float


def signed_rank(
    differences: Floats, *, rope: float = ROPE, samples: int = SAMPLES, seed: int = 0
) -> SignedRank:
    """Of paired differences [blocks], positive where better; within ±`rope` two losses count as equal."""
    values = np.append(np.asarray(differences, dtype=float), 0.0)
    sums = values[:, None] + values
    right = np.heaviside(sums - 2 * rope, 0.5)
    left = np.heaviside(-sums - 2 * rope, 0.5)
    strengths = np.append(np.ones(len(values) - 1), PRIOR_STRENGTH)
    weights = np.random.default_rng(seed).dirichlet(strengths, size=samples)
    worse = ((weights @ left) * weights).sum(1)
    better = ((weights @ right) * weights).sum(1)
    winners = np.argmax(np.stack([worse, 1 - worse - better, better], axis=1), axis=1)
    shares = np.bincount(winners, minlength=3) / samples
    return SignedRank(*(float(share) for share in shares))
