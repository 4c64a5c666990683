"""Whether probabilities mean what they say: of entries with like probability, the share that holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlbench.report.data.arrays import Floats
from mlbench.report.one_dataset.kept_scores import CellScores

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """By bins of equal width that hold any entry: mean probability, share of positives, number of entries. `error`: the
    mean distance of the two, by entries."""

    stated: Floats
    found: Floats
    counts: Floats
    error: float


def reliability(kept: list[CellScores]) -> Reliability:
    """Of all entries of test, of all seeds together; a probability is the sigmoid of the logit."""
    logits = np.concatenate([each.test.logits[each.test.counted] for each in kept])
    positive = np.concatenate([each.test.positive[each.test.counted] for each in kept])
    stated = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
    place = np.minimum((stated * BINS).astype(int), BINS - 1)
    counts = np.bincount(place, minlength=BINS).astype(float)
    held = counts > 0
    sums = np.bincount(place, weights=stated, minlength=BINS)[held]
    true_positives = np.bincount(place, weights=positive.astype(float), minlength=BINS)[held]
    counts = counts[held]
    error = float(np.abs(sums - true_positives).sum() / counts.sum())
    return Reliability(sums / counts, true_positives / counts, counts, error)
