"""The uncertainty of one cell: its main metrics on bootstrap replicates of the test samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlbench.metrics.base import Metric, registered_metrics
from mlbench.metrics.scored import Scored, refuse_other_labels
from mlbench.metrics.thresholds import validation_rules
from mlbench.metrics.views.decisions import Rule
from mlbench.metrics.views.orders import Orders
from mlbench.metrics.views.resampling import ResampledDecisions, ResampledOrders, Resamples, draw_weights

REPLICATES = 200
POLICIES = ("0.5", "native", "global", "label")


def bootstrap(
    validation: Scored,
    test: Scored,
    *,
    threshold: float | None,
    replicates: int = REPLICATES,
    prefix: str = "bootstrap",
) -> dict[str, NDArray[np.float32]]:
    """The main metrics on replicates of the test samples: `{"bootstrap/map": float32 [replicates], …}`.

    They are the metrics that declare `bootstrapped`. Replicate r draws the same samples whatever the loss.
    Thresholds are those of the cell, tuned on validation once: what varies is the test split. A replicate
    in which a metric is not defined holds NaN.
    """
    refuse_other_labels(validation, test)
    resamples = Resamples(test, draw_weights(test.logits.shape[0], replicates).to(test.logits.device))
    metrics = [(name, metric) for name, metric in registered_metrics() if metric.bootstrapped]
    rules = validation_rules(Orders(validation), threshold)
    numbers = {}
    for key, metric, values in _values(metrics, resamples, rules):
        if metric.by_label:
            defined = (resamples.label_positives > 0) & ~values.isnan()
            values = values.where(defined, 0.0).sum(1) / defined.sum(1)
        numbers[f"{prefix}/{key}"] = values.float()
    table = torch.stack(list(numbers.values())).cpu().numpy()
    return dict(zip(numbers, table, strict=True))


def _values(
    metrics: list[tuple[str, Metric]], resamples: Resamples, rules: Mapping[str, Rule]
) -> Iterator[tuple[str, Metric, Tensor]]:
    rankings = ResampledOrders(resamples)
    for name, metric in metrics:
        if metric.kind == "ranking":
            yield name, metric, metric(rankings)
    for policy in POLICIES:
        if policy in rules:
            decisions = ResampledDecisions(resamples, rules[policy])
            for name, metric in metrics:
                if metric.kind == "decision":
                    yield f"{name}@{policy}", metric, metric(decisions)
