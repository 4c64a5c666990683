"""What validation says of a model on its way: the numbers of the history, one of which selects."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mlbench.metrics import Scored
from mlbench.metrics.base import Metric
from mlbench.metrics.thresholds import tune_global, tune_per_label
from mlbench.metrics.views.decisions import Decisions, cut
from mlbench.metrics.views.orders import Orders
from mlbench.registry import METRICS

ALWAYS = ("map", "lrap", "f1_micro@label", "f1_macro@label")
"""What every point of a history holds, whatever the protocol selects by."""


@dataclass(frozen=True)
class ValidationSplit:
    """The validation split, its rows in two halves.

    - `targets` [N, L]: 255 where not scored.
    - `tunes`: the rows that thresholds are tuned on.
    - `scores`: those that their decisions are scored on.

    On the rows that it was tuned on a threshold flatters, and by as much more as a label is rare. The halves are drawn
    at random, the same for every loss of one seed.
    """

    targets: Tensor
    tunes: Tensor
    scores: Tensor

    @classmethod
    def of(cls, targets: Tensor, generator: torch.Generator) -> ValidationSplit:
        """With halves drawn from `generator`; of an odd number of rows the one that scores has one more."""
        order = torch.randperm(len(targets), generator=generator)
        half = len(targets) // 2
        return cls(targets, order[:half].sort().values, order[half:].sort().values)

    def measure(self, logits: Tensor, also: str = "map") -> dict[str, float]:
        """The metrics ALWAYS and `also` of logits [N, L] on any device; NaN where one is not defined, and all of
        them where a logit is not finite."""
        names = tuple(dict.fromkeys((*ALWAYS, also)))
        if not bool(torch.isfinite(logits).all()):
            return dict.fromkeys(names, math.nan)
        ranking = Orders(Scored(logits, self.targets))
        decided = self._decide(logits)
        values = []
        for name in names:
            kind, _, policy = name.partition("@")
            metric: Metric = METRICS.get(kind)(kind)
            view = decided if policy else ranking
            if view is None:
                values.append(torch.full((), torch.nan, dtype=torch.float64, device=logits.device))
                continue
            value = metric(view)
            present = view.scored.label_positives > 0
            values.append(value.where(present, torch.nan).nanmean() if metric.by_label else value)
        return dict(zip(names, torch.stack(values).tolist(), strict=True))

    def _decide(self, logits: Tensor) -> Decisions | None:
        """The decisions on one half under each label's threshold from the other; None where a half is empty."""
        if not len(self.tunes):
            return None
        halves = [
            Scored(logits[rows.to(logits.device)], self.targets[rows]) for rows in (self.tunes, self.scores)
        ]
        tuning = Orders(halves[0])
        return Decisions(halves[1], cut(tune_per_label(tuning, tune_global(tuning))))
