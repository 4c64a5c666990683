from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from mlbench.losses.base import Loss, Outputs, register_loss
from mlbench.losses.parts.checks import one_of, within
from mlbench.search_space import Choice

EPOCHS = 10
"""The epochs of the paper's trainings, over which the share grows as its code has it grow."""


@register_loss("large_loss")
class LargeLoss(Loss):
    """Large loss: BCE whose largest losses among the negatives are taken for labels that were missed.

        mean over B·L of −[y log p + (1 − y) log(1 − p)],  p = σ(x), but for the k negatives of the batch with the
        largest losses: 0 ("reject"), or −log p ("correct");  k = ⌈B·L · t · Δ⌉,  t = 10 · epoch / epochs

    Shapes: logits x and targets y, both [B, L]; Δ is `delta`. It sees the batch as a whole. Epochs count from 0:
    nothing is dropped in the first one, nor before the first `on_epoch_start`. Of negatives that are level with the
    k-th, as many are dropped as make k; where there are fewer than k, all. Errors: ValueError for another mode, or a
    delta outside [0, 0.1], where the last epoch would drop all.
    Source: Kim et al. 2022, "Large Loss Matters in Weakly Supervised Multi-Label Classification", CVPR,
    https://arxiv.org/abs/2206.03740: LL-R and LL-Ct of the released code, whose Δ is 0.001 to 0.005 an epoch, of
    10 epochs; in a longer training, t lets no more be dropped. That code drops all that are level with the k-th
    loss, which where it is 0 is every positive. Its LL-Cp, which writes corrections into the data, is left out.
    """

    needs = {"logits"}
    search_space = {"delta": Choice(0.001, 0.002, 0.005), "mode": Choice("reject", "correct")}
    without_effect = {"mode": {"delta": 0.0}}

    def __init__(self, mode: Literal["reject", "correct"] = "reject", delta: float = 0.002) -> None:
        super().__init__()
        self.mode = one_of("mode", mode, ("reject", "correct"))
        self.delta = within("delta", delta, 0, 1 / EPOCHS)
        self.share = 0.0

    def on_epoch_start(self, epoch: int, epochs: int) -> None:
        self.share = self.delta * EPOCHS * epoch / epochs

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        terms = binary_cross_entropy_with_logits(out.logits, targets, reduction="none")
        # A product that is a whole number but for rounding is not to count one more.
        count = math.ceil(terms.numel() * self.share - 1e-6)
        if count > 0:
            large = largest(terms.detach() * (1 - targets), count) & (targets == 0)
            instead = softplus(-out.logits) if self.mode == "correct" else torch.zeros_like(terms)
            terms = instead.where(large, terms)
        return terms.mean()


def largest(values: Tensor, count: int) -> Tensor:
    """Where the `count` largest of `values` stand, exactly as many."""
    places = values.flatten().topk(count).indices
    chosen = torch.zeros(values.numel(), dtype=torch.bool, device=values.device)
    return chosen.index_fill(0, places, True).view_as(values)
