"""The choice among trials: a function of the scores on validation and of nothing else."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbench.suite import choose, score_of

SCORES = st.one_of(st.none(), st.just(math.nan), st.floats(0, 1))


@pytest.mark.parametrize(
    ("scores", "number"),
    [
        ({0: [0.5], 1: [0.6], 2: [0.4]}, 1),
        ({0: [0.5, 0.5], 1: [0.9, 0.0], 2: [0.6, 0.5]}, 2),
        ({0: [0.5], 1: [0.5]}, 0),
        ({0: [0.5], 1: [None]}, 0),
        ({0: [0.1, 0.1], 1: [0.9, None]}, 0),
        ({0: [None, None], 1: [0.9, None]}, 1),
        ({0: [math.nan], 1: [0.1]}, 1),
        ({0: [math.nan], 1: [None]}, 0),
        ({0: [None], 1: [math.nan]}, 1),
        ({0: [None], 1: [None]}, 0),
        ({0: [0.7, 0.8, 0.9], 1: [0.9, 0.7, 0.8]}, 0),
        ({0: [0.9, 0.7, 0.8], 1: [0.7, 0.8, 0.9]}, 0),
    ],
)
def test_the_best_mean_of_what_finished(scores: dict[int, list[float | None]], number: int) -> None:
    assert choose(scores) == number


@given(st.lists(st.lists(SCORES, min_size=2, max_size=2), min_size=1, max_size=6), st.randoms())
def test_the_order_in_which_records_come_does_not_matter(
    scores: list[list[float | None]], random: Any
) -> None:
    numbered = list(enumerate(scores))
    expected = choose(dict(numbered))
    random.shuffle(numbered)
    assert choose({number: random.sample(found, 2) for number, found in numbered}) == expected


def test_what_is_read_of_a_record() -> None:
    record: dict[str, Any] = {
        "status": "done",
        "cell": {"train": {"select_metric": "ap_micro"}},
        "metrics": {"validation": {"map": 0.1, "ap_micro": 0.2}, "test": {"map": 0.8, "ap_micro": 0.9}},
    }
    assert score_of(record) == 0.2
    assert score_of({**record, "status": "failed", "metrics": None}) is None
    record["metrics"]["validation"]["ap_micro"] = None
    value = score_of(record)
    assert value is not None
    assert math.isnan(value)
