"""The families that a difference takes, against simulations of the tests that are to find it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlbench.report.statistics.frequentist import smallest_p
from mlbench.report.statistics.power import MOST_FAMILIES, POWER, effect_found, families_needed, found, power

LEVEL = 0.05 / 29


@pytest.mark.parametrize(("families", "effect", "level"), [(7, 1.0, 0.05), (15, 0.9, LEVEL), (40, 0.5, 0.01)])
def test_power_is_that_of_simulated_t_tests(families: int, effect: float, level: float) -> None:
    draws = np.random.default_rng(0).normal(effect, 1, (20_000, families))
    found = (stats.ttest_1samp(draws, 0, axis=1).pvalue <= level).mean()
    assert power(families, effect, level) == pytest.approx(found, abs=0.012)


def test_without_a_difference_power_is_the_level() -> None:
    assert power(12, 0.0, 0.01) == pytest.approx(0.01, abs=1e-5)


def test_power_is_the_non_central_t() -> None:
    for families, effect in ((7, 0.5), (15, 1.0), (40, 0.3)):
        limit = stats.t.ppf(0.975, families - 1)
        exact = stats.nct.sf(limit, families - 1, effect * np.sqrt(families))
        exact += stats.nct.cdf(-limit, families - 1, effect * np.sqrt(families))
        assert power(families, effect, 0.05) == pytest.approx(exact, abs=1e-4)
    assert power(7, 40.0, LEVEL) == pytest.approx(1)


@pytest.mark.parametrize("effect", [0.2, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("level", [0.05, LEVEL])
def test_so_many_suffice_and_one_fewer_does_not(effect: float, level: float) -> None:
    needed = families_needed(effect, level)
    assert needed is not None
    assert found(needed, effect, level) >= POWER
    assert found(needed - 1, effect, level) < POWER or smallest_p(needed - 1) > level
    assert smallest_p(needed) <= level, "Wilcoxon's test could not speak"


def test_what_takes_too_many_is_not_counted() -> None:
    assert families_needed(0.001, 0.05) is None
    assert (families_needed(0.03, 0.05) or 0) < MOST_FAMILIES


@pytest.mark.parametrize("families", [12, 15, 30])
def test_what_so_many_find_takes_so_many(families: int) -> None:
    effect = effect_found(families, LEVEL)
    assert effect is not None
    assert found(families, effect, LEVEL) == pytest.approx(POWER, abs=1e-3)
    assert families_needed(effect + 1e-3, LEVEL) == families


@pytest.mark.parametrize(
    ("families", "level"), [(6, 0.05), (8, 0.01), (8, 0.05), (10, LEVEL / 2), (14, LEVEL)]
)
def test_what_few_find_is_found_by_wilcoxon(families: int, level: float) -> None:
    """Their p are coarse: a t-test would find less than what all of eight must agree on."""
    effect = effect_found(families, level)
    if effect is None:
        assert smallest_p(families) > level
        return
    draws = np.random.default_rng(1).normal(effect, 1, (2000, families))
    assert (stats.wilcoxon(draws, axis=1).pvalue <= level).mean() == pytest.approx(POWER, abs=0.035)


def test_few_find_nothing_however_large() -> None:
    assert effect_found(7, LEVEL) is None
    assert effect_found(7, 0.05) is not None
    assert effect_found(1, 0.05) is None


@pytest.mark.slow
@pytest.mark.parametrize("comparisons", [1, 5, 29])
@pytest.mark.parametrize("effect", [0.5, 0.8])
def test_wilcoxon_finds_it_in_about_four_of_five_studies(comparisons: int, effect: float) -> None:
    level = 0.05 / comparisons
    needed = families_needed(effect, level)
    assert needed is not None
    draws = np.random.default_rng(1).normal(effect, 1, (1500, needed))
    found = (stats.wilcoxon(draws, axis=1).pvalue <= level).mean()
    print(
        f"\n{needed} families, level 0.05/{comparisons}: Wilcoxon finds {effect} sd in {100 * found:.1f} % of studies"
    )
    assert found == pytest.approx(POWER, abs=0.06)
