"""Tests over many datasets, against Demšar's worked example, scipy, scikit-posthocs and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scikit_posthocs
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from mlbench.report.statistics.frequentist import (
    critical_difference,
    friedman,
    holm,
    nemenyi,
    rank_biserial,
    smallest_p,
    wilcoxon_speaks,
)
from mlbench.report.statistics.ranks import block_ranks
from tests.report.statistics.demsar import AUC


def test_average_ranks_of_the_worked_example() -> None:
    assert block_ranks(AUC).mean(0) == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)


def test_friedman_and_iman_davenport_of_the_worked_example() -> None:
    found = friedman(AUC)
    assert found is not None
    blocks, losses = AUC.shape
    ranks = block_ranks(AUC)
    ties = sum((count**3 - count) for row in ranks for count in np.unique(row, return_counts=True)[1])
    uncorrected = found.chi2 * (1 - ties / (blocks * losses * (losses**2 - 1)))
    assert uncorrected == pytest.approx(9.28, abs=5e-3), "the paper does not correct for ties"
    f = (blocks - 1) * uncorrected / (blocks * (losses - 1) - uncorrected)
    assert f == pytest.approx(3.69, abs=5e-3)
    assert found.f == pytest.approx((blocks - 1) * found.chi2 / (blocks * (losses - 1) - found.chi2))
    assert found.p == pytest.approx(stats.friedmanchisquare(*AUC.T).pvalue)
    assert found.p_f < 0.05


def test_critical_difference_of_the_worked_example() -> None:
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=5e-3)
    assert critical_difference(4, 14, alpha=0.10) == pytest.approx(1.12, abs=5e-3)
    assert critical_difference(2, 10) * math.sqrt(10) == pytest.approx(1.960, abs=1e-3)


def test_nemenyi_equals_scikit_posthocs() -> None:
    theirs = scikit_posthocs.posthoc_nemenyi_friedman(-AUC).to_numpy()
    assert nemenyi(AUC) == pytest.approx(theirs, abs=1e-6)


def test_wilcoxon_statistic_of_the_worked_example() -> None:
    """R⁺ = 93 and R⁻ = 12 of C4.5 against C4.5+m; one zero difference is dropped, the paper splits two."""
    differences = np.round(AUC[:, 1] - AUC[:, 0], 6)
    assert rank_biserial(differences) > 0.7
    assert stats.wilcoxon(differences, zero_method="zsplit").statistic == pytest.approx(12)
    assert stats.wilcoxon(differences).pvalue < 0.05


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_equals_statsmodels(p: list[float]) -> None:
    assert list(holm(p)) == pytest.approx(list(multipletests(p, method="holm")[1]), abs=1e-12)


@given(st.integers(1, 40), st.integers(1, 14))
def test_wilcoxon_speaks_where_winning_everywhere_counts(comparisons: int, blocks: int) -> None:
    smallest = stats.wilcoxon(np.arange(1.0, blocks + 1), method="exact").pvalue
    assert smallest_p(blocks) == pytest.approx(smallest)
    assert wilcoxon_speaks(blocks, comparisons) == (smallest <= 0.05 / comparisons)


def test_friedman_is_silent_where_it_cannot_speak() -> None:
    assert friedman(AUC[:, :2]) is None
    assert friedman(AUC[:1]) is None
    assert friedman(np.ones((5, 4))) is None
