"""Which losses may be the best ones: a set that holds all of them in 95 % of such studies.

As the Model Confidence Set of Hansen, Lunde and Nason, Econometrica 79 (2011): while a test rejects that the losses
left are equally good, the worst of them goes. The test is by sign flips of whole families: where all are equally good
and errors are as likely up as down, a family's deviations from its own mean over the losses could as well have had
the other sign, so the level is exact at any number of families, for losses of unlike spread and for heavy tails. (A
permutation of the losses within families needs them to be exchangeable; a bootstrap of the range keeps all of 30
equal losses in 2 % of draws over 7 families.) The statistic is the largest mean deviation of a loss, up or down: it
sees one that trails the rest and one that leads it. Families are set on one scale first, by their own spread, which no
flip changes, so that one family of large differences does not speak for all.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mlbench.report.data.arrays import Floats
from mlbench.report.statistics.frequentist import ALPHA

FLIPS = 2048
"""Sign vectors tried; all that there are, up to a sign, where they are no more."""
POOLED = 4.0
"""Losses that the median family's spread counts for beside a family's own: few losses say little of a spread."""
LEAST_FAMILIES = 6
"""Of fewer, 2^(N−1) flips are too few for a p of 5 %: every loss stays in the set."""


def may_be_best(scores: Floats, *, alpha: float = ALPHA, flips: int = FLIPS) -> npt.NDArray[np.bool_]:
    """[…, families, losses] of scores, more is better -> [..., losses], whether each is in the set."""
    tables = scores.reshape(-1, *scores.shape[-2:])
    signs = _signs(scores.shape[-2], flips)
    kept = np.ones((len(tables), scores.shape[-1]), bool)
    open_ = np.arange(len(tables))
    while len(open_):
        inside = kept[open_]
        deviations = _deviations(tables[open_], inside)
        means = signs @ deviations / len(signs[0])
        extremes = np.abs(means).max(2)
        p = (extremes >= extremes[:, :1] * (1 - 1e-9)).mean(1)
        observed = np.where(inside, means[:, 0], np.inf)
        worst = observed <= observed.min(1, keepdims=True) + 1e-9
        going = p <= alpha
        open_ = open_[going]
        kept[open_] &= ~worst[going]
    return kept.reshape(*scores.shape[:-2], scores.shape[-1])


def _deviations(tables: Floats, inside: npt.NDArray[np.bool_]) -> Floats:
    """[tables, families, losses]: from the family's mean over the losses left, on its scale; 0 for the others."""
    among = inside[:, None, :]
    count = among.sum(2, keepdims=True)
    centred = np.where(among, tables - np.where(among, tables, 0.0).sum(2, keepdims=True) / count, 0.0)
    freedom = np.maximum(count - 1, 1)
    spread = (centred**2).sum(2, keepdims=True) / freedom
    common = np.median(spread, axis=1, keepdims=True)
    scale = np.sqrt((freedom * spread + POOLED * common) / (freedom + POOLED))
    scaled: Floats = centred / np.where(scale > 0, scale, 1.0)
    return scaled


@lru_cache(16)
def _signs(families: int, flips: int) -> Floats:
    """[flips, families] of ±1, the first all +1; a vector and its opposite say the same and count as one."""
    if 2 ** (families - 1) <= flips:
        bits = np.arange(2 ** (families - 1))[:, None] >> np.arange(families) & 1
        return np.where(bits, -1.0, 1.0)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(flips, families))
    signs[0] = 1.0
    return signs
