"""What a decision metric is given: the counts of one split under one threshold policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mlbench.metrics.scored import Scored

CHUNK = 1 << 19
"""Entries decided at once: what a core's cache holds."""

Rule = Callable[[Tensor], Tensor]
"""Scores of some rows [B, L] -> what is predicted, bool [B, L]; never a score of -inf."""


@dataclass(frozen=True, eq=False)
class Counts:
    """True positives (`hits`), predicted, positive and scored entries of each label, or of each sample."""

    hits: Tensor
    predicted: Tensor
    positives: Tensor
    counted: Tensor

    def total(self) -> Counts:
        """The counts of all entries together; scalars."""
        return Counts(*(part.sum(-1) for part in (self.hits, self.predicted, self.positives, self.counted)))

    def precision(self) -> Tensor:
        """hits / predicted, 0 where nothing is predicted."""
        return self.hits / self.predicted.clamp(min=1)

    def recall(self) -> Tensor:
        """hits / positives, 0 where there is none."""
        return self.hits / self.positives.clamp(min=1)

    def f1(self) -> Tensor:
        """2 hits / (predicted + positives), 0 where there is neither."""
        return 2 * self.hits / (self.predicted + self.positives).clamp(min=1)


@dataclass(frozen=True, eq=False)
class Decisions:
    """One split under one policy: its counts by label [L] and by sample [N], all float64."""

    scored: Scored
    rule: Rule
    labels: Counts
    samples: Counts

    def mean_over_samples(self, values: Tensor) -> Tensor:
        """The mean of `values` [N] over the samples that have a scored entry."""
        chosen = self.samples.counted > 0
        return values.where(chosen, 0.0).sum() / chosen.sum()


def cut(threshold: Tensor) -> Rule:
    """Predict what is above a threshold, a scalar or one per label."""
    return lambda scores: scores > threshold


def top(k: int) -> Rule:
    """Predict a sample's k highest labels; of equal scores the first labels."""

    def rule(scores: Tensor) -> Tensor:
        left = scores.clone()
        chosen = torch.zeros_like(scores, dtype=torch.bool)
        for _ in range(min(k, scores.shape[1])):
            best = left.argmax(1, keepdim=True)
            chosen.scatter_(1, best, True)
            left.scatter_(1, best, -torch.inf)
        return chosen & (scores > -torch.inf)

    return rule


def decide(scored: Scored, rule: Rule) -> Decisions:
    """Counts what `rule` predicts, some rows at a time."""
    entries = CHUNK if scored.scores.device.type == "cpu" else 64 * CHUNK
    rows = max(1, entries // scored.scores.shape[1])
    labels = torch.zeros((2, scored.scores.shape[1]), dtype=torch.float64, device=scored.scores.device)
    samples = []
    chunks = zip(torch.split(scored.scores, rows), torch.split(scored.positive, rows), strict=True)
    for scores, positive in chunks:
        predicted = rule(scores)
        hits = predicted & positive
        labels += torch.stack([kind.sum(0, dtype=torch.int32) for kind in (hits, predicted)])
        samples.append(torch.stack([kind.sum(1, dtype=torch.int32) for kind in (hits, predicted)]))
    per_sample = torch.cat(samples, dim=1).double()
    return Decisions(
        scored,
        rule,
        Counts(labels[0], labels[1], scored.label_positives, scored.label_counted),
        Counts(per_sample[0], per_sample[1], scored.sample_positives, scored.sample_counted),
    )
