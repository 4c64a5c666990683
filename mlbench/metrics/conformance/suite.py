"""All properties in turn, each with a verdict."""

from __future__ import annotations

from mlbench.metrics.catalog import metric_info
from mlbench.metrics.conformance.indifference import (
    a_label_without_a_positive_is_left_out,
    entries_that_are_not_scored_play_no_part,
    order_does_not_break_ties,
    order_of_labels_does_not_matter,
    order_of_samples_does_not_matter,
)
from mlbench.metrics.conformance.numbers import (
    gives_numbers_within_its_bounds,
    right_scores_are_better,
    source_says_what_it_is,
    survives_splits_of_one_kind,
)
from mlbench.metrics.conformance.subject import MetricUnderTest
from mlbench.properties import Property, PropertyVerdict, judge
from mlbench.registry import METRICS


def _no_label_mean(subject: MetricUnderTest) -> str:
    return "" if subject.info.by_label else "it is no mean over labels"


PROPERTIES: tuple[Property[MetricUnderTest], ...] = (
    Property("its source says what it is", source_says_what_it_is, decides=True),
    Property("gives numbers within its bounds", gives_numbers_within_its_bounds, decides=True),
    Property("right scores are better", right_scores_are_better),
    Property("order of samples does not matter", order_of_samples_does_not_matter),
    Property("order of labels does not matter", order_of_labels_does_not_matter),
    Property("order does not break ties", order_does_not_break_ties),
    Property(
        "labels without a positive are left out", a_label_without_a_positive_is_left_out, _no_label_mean
    ),
    Property("entries that are not scored play no part", entries_that_are_not_scored_play_no_part),
    Property("survives splits of one kind", survives_splits_of_one_kind),
)


def check(name: str) -> list[PropertyVerdict]:
    """A verdict on each property of the metric registered as `name`. Raises UnknownNameError for one that is not."""
    declaration = METRICS.describe(name)
    subject = MetricUnderTest(declaration, metric_info(name))
    return judge(subject, PROPERTIES, declaration.file)
