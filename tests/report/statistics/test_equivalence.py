"""One rule says better, no worse and equal: by the interval of the mean share of the span."""

from __future__ import annotations

import numpy as np
import pytest

from mlbench.errors import ConfigError
from mlbench.report.statistics.equivalence import ROPE, Judged, Region, check_rope
from mlbench.report.statistics.interval import Interval


def judged(low: float, high: float, families: int = 8) -> Judged:
    return Judged(Interval((low + high) / 2, low, high), families, 0.02)


@pytest.mark.parametrize(
    ("low", "high", "word", "sentence"),
    [
        (0.02, 0.05, "better by 2 % or more", "a is better than b: a − b is +3.5 % of the span on average"),
        (-0.05, -0.021, "worse by 2 % or more", "b is better than a: a − b is "),
        (0.01, 0.05, "better", "a is better than b: a − b is +3.0 % of the span on average (95 % interval +1.0 to +5"),
        (0.005, 0.015, "better, but equal", "a is better than b, but the two are practically equal (within 2 % of a "),
        (-0.01, 0.05, "no worse", "a is no worse than b (by 2 % of a family's span): "),
        (-0.01, 0.01, "equal", "the two are practically equal (within 2 % of a family's span): a − b is 0.0 %"),
        (-0.03, 0.05, "cannot tell", "cannot tell which is better: "),
        (-0.05, 0.01, "no better", "b is no worse than a (by 2 % of a family's span): "),
        (-0.015, -0.005, "worse, but equal", "b is better than a, but the two are practically equal (within 2 % of a "),
        (-0.05, -0.01, "worse", "b is better than a: a − b is −3.0 % of the span on average (95 % interval −5.0 to −1"),
        (0.0, 0.05, "no worse", "a is no worse than b"),
        (-0.02, 0.02, "cannot tell", "cannot tell"),
    ],
)  # fmt: skip
def test_the_interval_decides(low: float, high: float, word: str, sentence: str) -> None:
    found = judged(low, high)
    assert found.word == word
    assert found.sentence("a", "b").startswith(sentence)
    turned = judged(-high, -low)
    assert (turned.better, turned.no_worse, turned.equal) == (found.worse, found.no_better, found.equal)


@pytest.mark.parametrize(("families", "says"), [(0, "families say"), (1, "family says"), (5, "families say")])
def test_few_families_say_nothing(families: int, says: str) -> None:
    found = judged(-np.inf, np.inf, families)
    assert found.word == "cannot tell"
    assert (
        found.sentence("a", "b") == f"{families} {says} nothing of others: an interval over families takes 6"
    )


def test_differences_are_shares_of_the_span_and_narrow_families_are_left_out() -> None:
    region = Region(tuple("abcdefghi"), np.array([0.1, 0.8, 0.049, np.nan, 0.05, 0.5, 0.5, 0.5, 0.5]))
    assert region.narrow == ("c", "d")
    assert (
        region.left_out == "since less than 0.05 lies between floor and best: c; since no floor is known: d"
    )
    assert Region(("a",), np.array([0.1])).left_out == ""
    assert region.points == pytest.approx((0.001, 0.016))
    differences = 0.03 * np.array([0.1, 0.8, 9, 9, 0.05, 0.5, 0.5, 0.5, 0.5])
    assert region.shares(differences) == pytest.approx(np.full(7, 0.03))
    found = region.judge(differences)
    assert (found.families, found.rope) == (7, ROPE)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.03, 0.03))
    assert region.bayes(differences).better > 0.7


def test_where_no_span_is_known_nothing_is_judged() -> None:
    region = Region(("a", "b"), np.full(2, np.nan))
    assert region.points is None
    assert region.narrow == ("a", "b")
    assert region.judge(np.ones(2)).word == "cannot tell"


def test_a_region_that_is_no_share_is_refused() -> None:
    assert check_rope(None) == ROPE
    assert check_rope(0.05) == 0.05
    for rope in (0, -0.1, 1, 2, np.nan):
        with pytest.raises(ConfigError, match=r"rope = .*between 0 and 1; 0\.02 unless given"):
            check_rope(rope)
