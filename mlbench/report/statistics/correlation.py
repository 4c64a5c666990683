"""Spearman's rank correlation over few families, its p by permutation."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from mlbench.report.data.arrays import Floats

ALL_ORDERS = 7
"""Up to so many families every order is taken; of more, ORDERS at random."""
ORDERS = 9999
LEAST_P = 2 / (ORDERS + 1)
"""The least two-sided p that so many orders can tell."""


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
