"""Every registered metric passes the conformance suite; a broken one fails at what is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from mlbench.metrics.catalog import metric_info
from mlbench.metrics.conformance import PROPERTIES, MetricUnderTest, check, draw, indifference, numbers
from mlbench.metrics.conformance.subject import Numbers
from mlbench.properties import PropertyFailure
from mlbench.registry import METRICS

MAP = metric_info("map")
Value = Callable[[Numbers, Any], float]


@dataclass(frozen=True)
class Pretended(MetricUnderTest):
    """A metric that is a function of logits and targets."""

    value: Value

    def values(self, logits: Numbers, targets: Any, counts: Any = None) -> dict[str, float]:
        return {"map": self.value(logits, targets)}


def pretend(value: Value, **declared: Any) -> Pretended:
    return Pretended(METRICS.describe("map"), replace(MAP, **declared), value)


def right(logits: Numbers, targets: Any) -> float:
    """The share of scored entries on the right side of 0."""
    scored = targets < 2
    return float(((logits > 0) == (targets == 1))[scored].mean())


def first_ten(logits: Numbers, targets: Any) -> float:
    """The positives of the first label among the ten highest, of equal scores the last."""
    return float(targets[logits[:, 0].argsort(kind="stable")[-10:], 0].sum())


@pytest.mark.parametrize("name", METRICS.names())
def test_passes_the_conformance_suite(name: str) -> None:
    assert [str(verdict) for verdict in check(name) if verdict.passed is False] == []


@pytest.mark.parametrize(
    ("holds", "value", "declared", "said"),
    [
        (numbers.source_says_what_it_is, right, {"formula": "a\nb"}, "one line"),
        (numbers.source_says_what_it_is, right, {"explanation": ""}, "docstring"),
        (numbers.source_says_what_it_is, right, {"direction": "up"}, "'up'"),
        (numbers.source_says_what_it_is, right, {"bounds": (1.0, 0.0)}, "least and greatest"),
        (numbers.gives_numbers_within_its_bounds, lambda *_: 1.5, {}, "outside of its bounds"),
        (numbers.right_scores_are_better, right, {"direction": "lower"}, "where all scores are right"),
        (indifference.order_of_samples_does_not_matter, lambda x, _: float(x[0, 0]), {}, "samples in another order"),
        (indifference.order_of_labels_does_not_matter, lambda x, _: float(x[:, 0].sum()), {}, "labels in another"),
        (indifference.order_does_not_break_ties, first_ten, {}, "samples in another order"),
        (indifference.a_label_without_a_positive_is_left_out, right, {}, "beside a label that no sample has"),
        (
            indifference.entries_that_are_not_scored_play_no_part,
            lambda x, _: float(x.mean()),
            {},
            "rather than `scored.logits`",
        ),
    ],
)  # fmt: skip
def test_what_is_broken_is_named(
    holds: Callable[[MetricUnderTest], None], value: Value, declared: dict[str, Any], said: str
) -> None:
    with pytest.raises(PropertyFailure, match=said):
        holds(pretend(value, **declared))


def test_what_breaks_no_property_passes() -> None:
    for wanted in PROPERTIES:
        if wanted.holds is not indifference.a_label_without_a_positive_is_left_out:
            wanted.holds(pretend(right))


def test_many_equal_scores_are_drawn_and_every_label_has_positives() -> None:
    logits, targets = draw(2, steps=1)
    assert len(np.unique(logits)) < 20
    assert targets.any(axis=0).all()
