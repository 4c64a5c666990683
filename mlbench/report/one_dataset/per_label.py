"""What a model does label by label: average precision, decisions under thresholds from validation, confusions.

The same numbers as in `mlbench.metrics` (a test holds them to it), without loading torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlbench.report.data.arrays import Floats
from mlbench.report.one_dataset.kept_scores import CellScores, Marks, SplitScores

LEAST_POSITIVES = 3
"""A label with fewer positives in validation takes the threshold of all labels together."""
SHOWN = 3
"""Labels that a confusion names."""


@dataclass(frozen=True)
class Confusion:
    """Of one label on test: rows that have it, those of them that miss it, rows that are given it wrongly; and with
    each the labels that stand there instead, with the number of rows."""

    rows: int
    missed: int
    given: int
    instead: tuple[tuple[str, int], ...]
    really: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class PerLabel:
    """[L] each; NaN where test has no positive (f1, precision and recall: where they are not defined)."""

    average_precision: Floats
    f1: Floats
    precision: Floats
    recall: Floats
    thresholds: Floats


def per_label(kept: CellScores) -> PerLabel:
    """Of one cell: on test, under each label's threshold of greatest F1 on validation."""
    cuts = thresholds(kept.validation)
    called = (kept.test.logits > cuts) & kept.test.counted
    positives, true_positives = kept.test.positive.sum(0), (called & kept.test.positive).sum(0)
    calls = called.sum(0)
    return PerLabel(
        average_precision(kept.test),
        _share(2 * true_positives, calls + positives, positives),
        _share(true_positives, np.maximum(calls, 1), positives),
        _share(true_positives, positives, positives),
        cuts,
    )


def _share(part: Floats, whole: Floats, positives: Floats) -> Floats:
    return np.where(positives > 0, part / np.where(whole > 0, whole, 1), np.nan)


def thresholds(validation: SplitScores) -> Floats:
    """[L], on the logit: a label is given where its logit is greater."""
    everywhere = _best_cut(validation.logits[validation.counted], validation.positive[validation.counted])
    everywhere = 0.0 if np.isnan(everywhere) else everywhere
    cuts = []
    for label in range(validation.logits.shape[1]):
        counted = validation.counted[:, label]
        positive = validation.positive[counted, label]
        own = _best_cut(validation.logits[counted, label], positive)
        cuts.append(own if positive.sum() >= LEAST_POSITIVES else everywhere)
    return np.array(cuts)


def _best_cut(scores: Floats, positive: Marks) -> float:
    """The threshold of greatest F1, of equally good ones the highest, midway to the next lower score; NaN where there
    is no positive."""
    if not positive.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    sorted_scores, true_positives = scores[order], np.cumsum(positive[order])
    last = np.append(np.flatnonzero(np.diff(sorted_scores)), len(scores) - 1)
    f1 = 2 * true_positives[last] / (last + 1 + true_positives[-1])
    best = int(np.argmax(f1))
    above = sorted_scores[last[best]]
    if last[best] + 1 == len(scores):
        return float("-inf")
    return float((above + sorted_scores[last[best] + 1]) / 2)


def average_precision(split: SplitScores) -> Floats:
    """[L]; NaN for a label without a positive. Tied scores count as one step, as scikit-learn has them."""
    found = np.full(split.logits.shape[1], np.nan)
    for label in range(len(found)):
        counted = split.counted[:, label]
        scores, positive = split.logits[counted, label], split.positive[counted, label]
        if positive.any():
            order = np.argsort(-scores, kind="stable")
            true_positives = np.cumsum(positive[order])
            last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
            precision, recall = true_positives[last] / (last + 1), true_positives[last] / true_positives[-1]
            found[label] = float((np.diff(recall, prepend=0.0) * precision).sum())
    return found


def confusions(kept: CellScores, cuts: Floats) -> list[Confusion]:
    """Of every label of one cell."""
    test = kept.test
    called = (test.logits > cuts) & test.counted
    missed, wrong = test.positive & ~called, called & ~test.positive & test.counted
    # [L, L]: rows that miss the first and are given the second wrongly.
    swapped = missed.astype(float).T @ wrong.astype(float)
    return [
        Confusion(
            int(test.positive[:, label].sum()),
            int(missed[:, label].sum()),
            int(wrong[:, label].sum()),
            _most(swapped[label], kept.labels),
            _most(swapped[:, label], kept.labels),
        )
        for label in range(len(kept.labels))
    ]


def _most(counts: Floats, labels: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    order = np.argsort(-counts, kind="stable")[:SHOWN]
    return tuple((labels[place], int(counts[place])) for place in order if counts[place] > 0)
