"""Where a loss's logits start."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor

from mlbench.losses.base import Loss
from mlbench.losses.parts.outputs import LabelStats


@runtime_checkable
class StartsElsewhere(Protocol):
    """A loss whose probabilities are not those of its logits as they stand: it says where its logits start, so that its
    probabilities start where those of the other losses do, at the labels' frequencies."""

    def starting_logits(self, log_odds: Tensor) -> Tensor: ...


def starting_logits(loss: Loss, stats: LabelStats) -> Tensor:
    """The logits [L] that heads start at under `head_bias = "prior"`: the labels' log-odds, unless the loss, which was
    prepared with `stats`, has others."""
    log_odds = stats.log_odds()
    return loss.starting_logits(log_odds) if isinstance(loss, StartsElsewhere) else log_odds
