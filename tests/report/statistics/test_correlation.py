"""Spearman's p is the share of the orders of the families."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import spearmanr

from mlbench.report.statistics.correlation import spearman


def test_p_is_the_share_of_all_orders() -> None:
    random = np.random.default_rng(1)
    first, second = random.integers(0, 5, 6).astype(float), random.normal(size=6)
    found, above, below = spearman(first, second)
    assert found == pytest.approx(spearmanr(first, second).statistic)
    drawn = [spearmanr(first, second[list(order)]).statistic for order in itertools.permutations(range(6))]
    assert above == pytest.approx(np.mean([value >= found - 1e-9 for value in drawn]))
    assert below == pytest.approx(np.mean([value <= found + 1e-9 for value in drawn]))


def test_p_of_many_families_is_near_that_of_the_distribution() -> None:
    random = np.random.default_rng(0)
    first, second = random.normal(size=(2, 20))
    _, above, _ = spearman(first, second)
    assert above == pytest.approx(spearmanr(first, second, alternative="greater").pvalue, abs=0.02)
