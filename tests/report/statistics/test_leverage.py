"""How far a mean over families hangs on one of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbench.report.statistics.leverage import leverage

NUMBERS = st.lists(st.floats(-1, 1).map(lambda value: round(value, 6)), min_size=2, max_size=9)


def test_by_hand() -> None:
    found = leverage(np.array([0.01, 0.02, 0.09]), ["a", "b", "c"])
    assert (found.mean, found.median) == (0.04, 0.02)
    assert (found.low, found.high) == (0.015, 0.055)
    assert found.carriers == ("c",)


@given(NUMBERS)
def test_the_range_is_that_of_the_means_without_one(values: list[float]) -> None:
    found = leverage(np.array(values), [str(place) for place in range(len(values))])
    without = [np.mean(np.delete(values, place)) for place in range(len(values))]
    assert (found.low, found.high) == pytest.approx((min(without), max(without)), abs=1e-11)
    assert found.median == pytest.approx(np.median(values), abs=1e-11)
    shares = np.array(values) / len(values) * np.sign(found.mean)
    expected = [
        str(place) for place, share in enumerate(shares) if share > abs(found.mean) / 2 + 1e-11 and found.mean
    ]
    if len(values) > 2:
        assert set(expected) <= set(found.carriers)
    else:
        assert found.carriers == ()


def test_exactly_half_is_not_more_and_what_runs_against_the_mean_carries_nothing() -> None:
    assert leverage(np.array([0.2, 0.1, 0.1]), ["a", "b", "c"]).carriers == ()
    assert leverage(np.array([-0.3, 0.01, 0.02]), ["a", "b", "c"]).carriers == ("a",)
    assert leverage(np.array([0.5, -0.4, 0.1]), ["a", "b", "c"]).carriers == ("a",)
    assert leverage(np.array([0.5, 0.45, -0.4]), ["a", "b", "c"]).carriers == ("a", "b")
    assert leverage(np.zeros(4), list("abcd")).carriers == ()


def test_one_family_has_no_range() -> None:
    found = leverage(np.array([0.3]), ["a"])
    assert (found.mean, found.median, found.carriers) == (0.3, 0.3, ())
    assert np.isnan(found.low)
