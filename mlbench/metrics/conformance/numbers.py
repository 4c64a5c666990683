"""What a metric says of itself, and what its numbers are."""

from __future__ import annotations

import numpy as np

from mlbench.metrics.base import Metric
from mlbench.metrics.catalog import parse_key
from mlbench.metrics.conformance.subject import MetricUnderTest, draw
from mlbench.properties import PropertyFailure
from mlbench.registry import METRICS

CLOSE = 1e-9


def source_says_what_it_is(subject: MetricUnderTest) -> None:
    info, cls = subject.info, METRICS.get(subject.info.name)
    if not (isinstance(cls, type) and issubclass(cls, Metric)):
        raise PropertyFailure("it must be a class derived from mlbench.metrics.Metric")
    if not info.formula.strip() or "\n" in info.formula:
        raise PropertyFailure("`formula` must be one line that gives the number")
    if not info.explanation:
        raise PropertyFailure(
            "its docstring's first line must say what it is: it is printed beside the number"
        )
    if info.direction not in ("higher", "lower"):
        raise PropertyFailure(f"`direction` must be 'higher' or 'lower', not {info.direction!r}")
    low, high = info.bounds
    if low is not None and high is not None and low >= high:
        raise PropertyFailure(f"`bounds` must be its least and greatest value, not {info.bounds!r}")


def gives_numbers_within_its_bounds(subject: MetricUnderTest) -> None:
    low, high = subject.info.bounds
    for seed in range(3):
        found = subject.values(*draw(seed))
        if not found:
            raise PropertyFailure("it gives no number on scores that have positives and negatives everywhere")
        for key, value in found.items():
            if (low is not None and value < low - CLOSE) or (high is not None and value > high + CLOSE):
                raise PropertyFailure(f"{key} is {value:g}, outside of its bounds {low} to {high}")


def right_scores_are_better(subject: MetricUnderTest) -> None:
    _, targets = draw(0)
    noise = np.random.default_rng(1).random(targets.shape).astype(np.float32)
    sign = np.where(targets == 1, 1, -1).astype(np.float32)
    right, wrong = (subject.values(way * sign * (4 + noise), targets) for way in (1, -1))
    for key in right.keys() & wrong.keys():
        better = right[key] > wrong[key] if subject.info.direction == "higher" else right[key] < wrong[key]
        # A threshold that is tuned may predict everything and be half right.
        if not better and not (parse_key(key).policy and right[key] == wrong[key]):
            raise PropertyFailure(
                f"{key} is {right[key]:g} where all scores are right and {wrong[key]:g} where all are wrong, but "
                f"`direction` says that {subject.info.direction} is better"
            )


def survives_splits_of_one_kind(subject: MetricUnderTest) -> None:
    """A split without positives, one without negatives, one of one sample: a number, or none."""
    logits, targets = draw(0)
    for marks in (np.zeros_like(targets), np.ones_like(targets)):
        subject.values(logits, marks)
    subject.values(logits[:1], targets[:1])
    subject.values(logits[:, :1], targets[:, :1])
