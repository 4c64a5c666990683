"""The interval of a mean over families covers it as often as it says, whatever the spreads and tails."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbench.report.statistics.interval import LEAST_FAMILIES, _ends, detectable, mean_interval

NUMBERS = st.lists(st.floats(-1, 1), min_size=6, max_size=9)
SPREADS = {
    "normal": lambda random, size: random.normal(size=size),
    "heavy tails": lambda random, size: random.standard_t(2, size=size),
    "unequal": lambda random, size: random.normal(size=size) * np.geomspace(0.1, 10, size[1]),
}


def by_signs(differences: np.ndarray, mean: float) -> float:
    """The two one-sided p of the test that their mean is `mean`, by all changes of sign; the smaller one."""
    centred = differences - mean
    sums = [float(np.dot(signs, centred)) for signs in itertools.product((1, -1), repeat=len(centred))]
    found = centred.sum()
    above = np.mean([value >= found - 1e-9 for value in sums])
    below = np.mean([value <= found + 1e-9 for value in sums])
    return float(min(above, below))


@pytest.mark.parametrize("families", [6, 7, 9])
def test_the_ends_are_where_the_test_by_changes_of_sign_turns(families: int) -> None:
    differences = np.random.default_rng(families).normal(0.2, 1, families)
    found = mean_interval(differences)
    for end, outwards in ((found.low, -1e-6), (found.high, 1e-6)):
        assert by_signs(differences, end + outwards) <= 0.025
        assert by_signs(differences, end - outwards) > 0.025


@given(NUMBERS, st.floats(-1, 1), st.floats(0.1, 10))
def test_it_moves_and_stretches_with_the_differences(values: list[float], by: float, times: float) -> None:
    one, other = mean_interval(np.array(values)), mean_interval(np.array(values) * times + by)
    for name in ("mean", "low", "high"):
        assert getattr(other, name) == pytest.approx(getattr(one, name) * times + by, abs=1e-9)
    turned = mean_interval(-np.array(values))
    assert (turned.low, turned.high) == pytest.approx((-one.high, -one.low), abs=1e-9)
    assert one.low <= one.mean + 1e-12
    assert one.mean <= one.high + 1e-12


def test_what_all_families_agree_on_stands_however_far_one_lies_out() -> None:
    """By Student's t the one far out makes the interval reach below 0."""
    assert mean_interval(np.array([0.02, 0.01, 0.03, 0.02, 0.01, 0.5])).low > 0
    assert mean_interval(np.array([0.02, 0.01, 0.03, 0.02, -0.01, 0.5])).low < 0


def test_five_families_have_no_interval() -> None:
    five = mean_interval(np.full(LEAST_FAMILIES - 1, 0.3))
    assert (five.mean, five.low, five.high) == (0.3, -math.inf, math.inf)
    assert mean_interval(np.full(LEAST_FAMILIES, 0.3)).low == 0.3
    assert detectable(LEAST_FAMILIES - 1) == math.inf


def test_what_differs_in_the_last_digits_is_equal() -> None:
    found = mean_interval(np.array([0.1 + 0.2 - 0.3] * 7))
    assert (found.mean, found.low, found.high) == (0, 0, 0)


@pytest.mark.parametrize("families", [6, 8, 12, 13, 30])
@pytest.mark.parametrize("spread", SPREADS)
def test_it_covers_the_mean(spread: str, families: int) -> None:
    draws = SPREADS[spread](np.random.default_rng(1), (400, families))
    low, high = _ends(draws)
    assert ((low <= 0) & (high >= 0)).mean() > 0.92


@pytest.mark.slow
@pytest.mark.parametrize("families", [6, 7, 15, 30])
@pytest.mark.parametrize("spread", SPREADS)
def test_coverage_in_many_draws(spread: str, families: int, capsys: pytest.CaptureFixture[str]) -> None:
    draws = SPREADS[spread](np.random.default_rng(2), (4000, families))
    low, high = _ends(draws)
    share = float(((low <= 0) & (high >= 0)).mean())
    with capsys.disabled():
        print(f"\n{spread}, {families} families: covers the mean in {share:.1%} of 4,000 draws")
    assert share > 0.94


@pytest.mark.parametrize("families", [6, 7, 15])
def test_a_detectable_difference_is_found_in_four_of_five_draws(families: int) -> None:
    draws = np.random.default_rng(3).normal(detectable(families), 1, (2000, families))
    assert (_ends(draws)[0] > 0).mean() == pytest.approx(0.8, abs=0.03)
    assert detectable(families) > detectable(families + 1)
