"""What tuning chose, in words: each value, or of many the median and the ends."""

from __future__ import annotations

from typing import Any

import pytest

from mlbench.report.tables.tuning import _values_chosen


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([4.0, 2.0, 4.0], "gamma_neg 4 (2×), 2 (1×)"),
        ([1, 2, 3, 4], "gamma_neg 1 (1×), 2 (1×), 3 (1×), 4 (1×)"),
        ([1, 2, 3, 4, 10], "gamma_neg 3 (1 to 10)"),
        ([0.001, 0.02, 0.003, 0.1, 0.05, 0.05], "gamma_neg 0.035 (0.001 to 0.1)"),
        ([None, float("nan"), 2.0], "gamma_neg none (2×), 2 (1×)"),
        ([True, False, True], "gamma_neg True (2×), False (1×)"),
        (["a", "b", "c", "d", "e"], "gamma_neg a (1×), b (1×), c (1×), d (1×) and 1 more"),
        ([None, 1, 2, 3, 4], "gamma_neg none (1×), 1 (1×), 2 (1×), 3 (1×) and 1 more"),
    ],
)
def test_the_values_chosen_are_listed_or_summed_up(values: list[Any], text: str) -> None:
    assert _values_chosen("cell/loss/parameters/gamma_neg", values) == text
