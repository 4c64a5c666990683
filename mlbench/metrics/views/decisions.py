"""What a decision metric is given: the counts of one split under one threshold policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from mlbench.metrics.scored import Scored

CHUNK = 1 << 19
"""Entries decided at once: what a core's cache holds."""

Rule = Callable[[Tensor], Tensor]
"""Scores of some rows [B, L] -> what is predicted, bool [B, L]; never a score of -inf."""


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


@dataclass(frozen=True, eq=False)
class Counts:
    """Entries counted by label, by sample, or all together; float64.

    - `true_positives`: predicted, and true.
    - `predicted`: predicted.
    - `positives`: true.
    - `scored`: not marked as not scored.
    """

    true_positives: Tensor
    predicted: Tensor
    positives: Tensor
    scored: Tensor

    def total(self) -> Counts:
        """The counts of all together."""
        return Counts(
            *(part.sum(-1) for part in (self.true_positives, self.predicted, self.positives, self.scored))
        )

    def precision(self) -> Tensor:
        """true_positives / predicted, 0 where nothing is predicted."""
        return self.true_positives / self.predicted.clamp(min=1)

    def recall(self) -> Tensor:
        """true_positives / positives, 0 where there is none."""
        return self.true_positives / self.positives.clamp(min=1)

    def f1(self) -> Tensor:
        """2 true_positives / (predicted + positives), 0 where there is neither."""
        return 2 * self.true_positives / (self.predicted + self.positives).clamp(min=1)


class Decisions:
    """One split under one policy: the counts of its labels [L] and of its samples [N], all float64."""

    def __init__(self, scored: Scored, rule: Rule) -> None:
        self.scored, self.rule = scored, rule

    @property
    def labels(self) -> Counts:
        return self._counts[0]

    @property
    def samples(self) -> Counts:
        return self._counts[1]

    def mean_over_samples(self, values: Tensor) -> Tensor:
        """The mean of `values` [N] over the samples that have a scored entry."""
        chosen = self.samples.scored > 0
        return values.where(chosen, 0.0).sum() / chosen.sum()

    def predictions(self) -> Iterator[tuple[Tensor, Tensor]]:
        """What is predicted and what is true, bool [B, L] each, some rows at a time."""
        device, labels = self.scored.scores.device, self.scored.scores.shape[1]
        rows = max(1, (CHUNK if device.type == "cpu" else 64 * CHUNK) // labels)
        for scores, positive in zip(
            torch.split(self.scored.scores, rows), torch.split(self.scored.positive, rows), strict=True
        ):
            yield self.rule(scores), positive

    @cached_property
    def _counts(self) -> tuple[Counts, Counts]:
        scored = self.scored
        labels = torch.zeros((2, scored.scores.shape[1]), dtype=torch.float64, device=scored.scores.device)
        samples = []
        for predicted, positive in self.predictions():
            kinds = (predicted & positive, predicted)
            labels += torch.stack([kind.sum(0, dtype=torch.int32) for kind in kinds])
            samples.append(torch.stack([kind.sum(1, dtype=torch.int32) for kind in kinds]))
        rows = torch.cat(samples, dim=1).double()
        return (
            Counts(labels[0], labels[1], scored.label_positives, scored.label_scored),
            Counts(rows[0], rows[1], scored.sample_positives, scored.sample_scored),
        )
