from __future__ import annotations

from typing import Literal

from torch import Tensor

from mlbench.losses.base import register_loss
from mlbench.losses.focal import away, focal_terms
from mlbench.losses.parts.checks import nonnegative, within
from mlbench.losses.parts.elementwise import ElementwiseLoss
from mlbench.search_space import Choice


@register_loss("splc")
class SelfPacedLossCorrection(ElementwiseLoss):
    """SPLC: focal with a margin, which takes a confident negative for a label that was missed.

        x' = x − margin where y = 1, else x;   y' = 1 where σ(x') > `tau`, else y
        (1 − p_t)^γ (−log p_t),  p_t = σ(x') where y' = 1, 1 − σ(x') where y' = 0

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`.
    y' = y before epoch `start_epoch`, counted from 0, and before the first `on_epoch_start`; a corrected
    negative keeps its x' = x.
    Errors: ValueError for a tau outside [0, 1], or a gamma or start_epoch below 0.
    Source: Zhang et al. 2021, "Simple and Robust Loss Design for Multi-Label Learning with Missing Labels",
    https://arxiv.org/abs/2112.07368; tau 0.6, margin 1, γ 2 and the second epoch are those of the released
    code, which sums over B·L.
    """

    needs = {"logits"}
    search_space = {"tau": Choice(0.5, 0.6, 0.8), "margin": Choice(0.0, 1.0), "start_epoch": Choice(1, 3)}

    def __init__(
        self,
        tau: float = 0.6,
        margin: float = 1.0,
        gamma: float = 2.0,
        start_epoch: int = 1,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        self.tau, self.margin = within("tau", tau, 0, 1), margin
        self.gamma = nonnegative("gamma", gamma)
        self.start_epoch = nonnegative("start_epoch", start_epoch)
        self.correcting = False

    def on_epoch_start(self, epoch: int, epochs: int) -> None:
        self.correcting = epoch >= self.start_epoch

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        shifted = logits.sub(targets, alpha=self.margin)
        if self.correcting:
            targets = targets.maximum((shifted.detach().sigmoid() > self.tau).to(targets.dtype))
        return focal_terms(away(shifted, targets), self.gamma)
