from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mlbench.losses.base import LabelStats, register_loss
from mlbench.losses.parts.checks import nonnegative, one_of, prepared, within
from mlbench.losses.parts.elementwise import ElementwiseLoss
from mlbench.losses.parts.frequencies import propensity_weights
from mlbench.search_space import Choice

WEIGHT_CAP = 100.0
PROPENSITY = (0.55, 1.5)
NAMED = ("balanced", "propensity")


@register_loss("bce")
class BinaryCrossEntropy(ElementwiseLoss):
    """Binary cross-entropy: each label on its own, the baseline of the field.

        −[w y log p + (1 − y) log q],  p = σ(x), q = 1 − p,  w = `pos_weight` (1 where None)

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. y may be soft.
    `pos_weight` is a number, or a list of one for each label. "balanced" is w_k = (N − n_k)/n_k of the training rows,
    n_k clamped to [1, N−1], w_k capped at 100; "propensity" gives the weights of `pw_bce`. `label_smoothing` s reads
    y as y(1 − s) + s/2. Errors: ValueError for a weight below 0, as many as there are no labels, a smoothing outside
    [0, 1], or a weight by name before `prepare`. Source: folklore; as torch.nn.BCEWithLogitsLoss, which means over
    B·L.
    """

    needs = {"logits"}
    accepts = {"known"}
    soft_targets = True
    same_results: ClassVar[Mapping[str, str]] = {"f72d11e294f0e8a1": 'pos_weight was a number or "balanced"'}
    search_space = {
        "pos_weight": Choice(None, "balanced", 2.0, 5.0),
        "label_smoothing": Choice(0.0, 0.05, 0.1),
    }

    def __init__(
        self,
        pos_weight: float | list[float] | Literal["balanced", "propensity"] | None = None,
        label_smoothing: float = 0.0,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        self.weighting = one_of("pos_weight", pos_weight, NAMED) if isinstance(pos_weight, str) else None
        self.label_smoothing = within("label_smoothing", label_smoothing, 0, 1)
        self.weight: Tensor | None
        self.register_buffer("weight", None)
        if isinstance(pos_weight, list):
            weights = [nonnegative("pos_weight", weight) for weight in pos_weight]
            self.weight = torch.tensor(weights, dtype=torch.float64)
        elif pos_weight is not None and not isinstance(pos_weight, str):
            self.weight = torch.tensor(nonnegative("pos_weight", pos_weight), dtype=torch.float64)

    def prepare(self, stats: LabelStats) -> None:
        if self.weighting == "balanced":
            counts, total = stats.clamped()
            self.weight = ((total - counts) / counts).clamp(max=WEIGHT_CAP)
        elif self.weighting == "propensity":
            self.weight = propensity_weights(stats, *PROPENSITY)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        weighted = self.weighting is not None or self.weight is not None
        weight = prepared(self.weight, self, logits) if weighted else None
        if weight is not None and weight.ndim and len(weight) != logits.shape[1]:
            raise ValueError(
                f"pos_weight has {len(weight)} weights for {logits.shape[1]} labels: give one for each"
            )
        if self.label_smoothing:
            targets = targets * (1 - self.label_smoothing) + self.label_smoothing / 2
        return binary_cross_entropy_with_logits(logits, targets, pos_weight=weight, reduction="none")
