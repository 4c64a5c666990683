"""All metrics of one cell: thresholds from validation, then every registered metric of both splits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from mlbench.metrics.base import Metric, registered_metrics
from mlbench.metrics.buckets import frequency_buckets
from mlbench.metrics.scored import Scored, as_logits, as_targets, as_tensor, refuse_other_labels
from mlbench.metrics.sorting import rank_rows
from mlbench.metrics.thresholds import oracle_rule, validation_rules
from mlbench.metrics.views.decisions import Decisions, Rule
from mlbench.metrics.views.orders import Orders, propensities
from mlbench.metrics.views.probabilities import assess

DIGITS = 12


def evaluate(
    validation: Scored,
    test: Scored,
    *,
    threshold: float | None,
    train_counts: Any = None,
    seen_counts: Any = None,
    train_size: int | None = None,
) -> dict[str, dict[str, float]]:
    """Every metric of both splits: `{"validation": {key: number}, "test": {key: number}}`.

    Keys are `name[@policy][/bucket]`. `threshold` is the loss's own on the logit (`@native` is absent where
    it is None); `train_counts` [L] are the positives of each label in the full training split and
    `seen_counts` [L] those among the cell's own rows, for the buckets; `train_size` is the number of samples
    of the full training split, without which there is no PSP@k. `@global` and `@label` are tuned on
    validation, so on validation they flatter; `@oracle` is of test alone. A number that is not defined on a
    split (no positive in it, a bucket none of whose labels occur) has no key.
    """
    refuse_other_labels(validation, test)
    chances = None
    if train_counts is not None and train_size:
        chances = propensities(as_tensor(train_counts), train_size).to(test.logits.device)
    views = {"validation": Orders(validation, chances), "test": Orders(test, chances)}
    rules = validation_rules(views["validation"], threshold)
    buckets = frequency_buckets(train_counts, seen_counts)
    results = {}
    for split, view in views.items():
        if split == "test":
            rules["oracle"] = oracle_rule(view)
        results[split] = _measure(view, rules, buckets)
    return results


def mean_average_precision(logits: Any, targets: Any) -> Tensor:
    """`map` of one split, or of G settings at once: logits [..., N, L], targets [N, L] -> float64 [...].

    It stays on the logits' device. NaN where no label has a positive.
    """
    scores = as_logits(logits)
    marks = as_targets(targets).to(scores.device)
    settings, (rows, labels) = scores.shape[:-2], scores.shape[-2:]
    if marks.shape != scores.shape[-2:]:
        raise ValueError(
            f"logits {list(scores.shape)} do not end in the shape of targets {list(marks.shape)}"
        )
    scored = Scored(torch.zeros_like(marks, dtype=torch.float32), marks)
    if scored.has_unscored:
        scores = scores.masked_fill(scored.scores == -torch.inf, -torch.inf)
    columns = scores.transpose(-1, -2).reshape(-1, rows)
    repeats = columns.shape[0] // labels
    ranks = rank_rows(columns, scored.positive.T.repeat(repeats, 1), scored.label_scored.repeat(repeats))
    return ranks.average_precision().view(*settings, labels).nanmean(-1)


def _measure(view: Orders, rules: Mapping[str, Rule], buckets: Mapping[str, Tensor]) -> dict[str, float]:
    scalars: dict[str, Tensor] = {}
    by_label: dict[str, Tensor] = {}
    for key, metric, value in _values(view, rules):
        (by_label if metric.by_label else scalars)[key] = value
    present = view.scored.label_positives > 0
    groups = torch.stack([present, *(present & bucket.to(present.device) for bucket in buckets.values())])
    suffixes = ["", *(f"/{bucket}" for bucket in buckets)]
    values = torch.stack(list(by_label.values()))
    defined = ~values.isnan()
    means = values.nan_to_num(0.0) @ groups.double().T / (defined.double() @ groups.double().T)
    keys = [
        *scalars,
        *(f"{key}{suffix}" for key in by_label for suffix in suffixes),
        *(f"labels_counted{suffix}" for suffix in suffixes),
    ]
    numbers = torch.cat((torch.stack(list(scalars.values())), means.flatten(), groups.double().sum(1)))
    return {
        key: _round(number) for key, number in zip(keys, numbers.tolist(), strict=True) if number == number
    }


def _round(number: float) -> float:
    """Twelve digits: the last ones of a float64 sum depend on how many threads added it up."""
    return float(f"{number:.{DIGITS}g}")


def _values(view: Orders, rules: Mapping[str, Rule]) -> Iterator[tuple[str, Metric, Tensor]]:
    metrics = list(registered_metrics())
    probabilities = assess(view.scored)
    for name, metric in metrics:
        if metric.kind != "decision":
            yield name, metric, metric(view if metric.kind == "ranking" else probabilities)
    for policy, rule in rules.items():
        decisions = Decisions(view.scored, rule)
        for name, metric in metrics:
            if metric.kind == "decision":
                yield f"{name}@{policy}", metric, metric(decisions)
