"""Whether a gain grows with a number of the families."""

from __future__ import annotations

import numpy as np
import pytest

from mlbench.report.claims import ClaimVerdict
from mlbench.report.claims.correlation import correlation


def test_a_gain_that_is_the_same_everywhere_cannot_tell() -> None:
    verdict, text = correlation(np.arange(1.0, 9.0), np.full(8, 0.1))
    assert verdict is ClaimVerdict.CANNOT_TELL
    assert text == "The gain is the same on all 8 families."


def test_it_follows_the_truth() -> None:
    assert correlation(np.arange(1.0, 9.0), np.arange(8.0))[0] is ClaimVerdict.HOLDS
    verdict, text = correlation(np.arange(1.0, 9.0), -np.arange(8.0))
    assert verdict is ClaimVerdict.FAILS
    assert text.startswith(
        "Spearman's correlation of gain and labels a sample over 8 families is -1.00 (one-sided p"
    )
    assert correlation(np.arange(1.0, 9.0), np.array([1.0, -1.0] * 4))[0] is ClaimVerdict.CANNOT_TELL


@pytest.mark.parametrize(
    ("cardinality", "known"),
    [
        (np.arange(1.0, 6.0), 5),
        (np.array([1.0, 2.0] * 4), 8),
        (np.array([np.nan] * 3 + [1.0, 2, 3, 4, 5]), 5),
    ],
    ids=["few families", "two numbers", "few known"],
)
def test_what_it_needs(cardinality: np.ndarray, known: int) -> None:
    verdict, text = correlation(cardinality, np.arange(float(len(cardinality))))
    assert verdict is ClaimVerdict.NOT_TESTABLE
    assert text == (
        f"The number of labels a sample is known of {known} families; it takes 6 families and three different numbers."
    )
