from __future__ import annotations

import torch
from torch import Tensor

from mlbench.losses.base import Loss, Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.positives import Block, Positives, sum_over
from mlbench.search_space import Choice


@register_loss("approx_ndcg")
class ApproxNDCG(Loss):
    """Approximate nDCG: minus the discounted gain of each sample's labels, their ranks made of sigmoids.

        −mean over i of (1/I_i) Σ_{c∈y_i} 1/log₂(1 + r_ic),  r_ic = 1 + Σ_{k≠c} σ(α (x_ik − x_ic)),
        I_i = Σ_{r=1}^{|y_i|} 1/log₂(1 + r)

    Shapes: logits x and targets y, both [B, L]. A row without labels gives 0. It orders the labels of a sample only, so
    it has no threshold. Errors: ValueError for an alpha that is not above 0.
    Source: Qin et al. 2010, "A General Approximation Framework for Direct Optimization of Information Retrieval
    Measures", https://doi.org/10.1007/s10791-009-9124-x, as the library allRank computes it, α 1.
    """

    needs = {"logits"}
    per_sample = True
    gathers = True
    threshold = None
    search_space = {"alpha": Choice(0.5, 1.0, 2.0, 5.0, 10.0)}

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = positive("alpha", alpha)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        share = 1 / (ideal(targets).clamp(min=1) * len(targets))

        def gain(block: Block) -> Tensor:
            # Its own σ(0) is ½: with the ½ here it makes the 1 of the formula.
            rank = 0.5 + torch.sigmoid(block.others - block.own).sum(dim=1)
            return -share[block.line] / torch.log2(1 + rank)

        return sum_over(self.alpha * out.logits, Positives.of(targets), gain)


def ideal(targets: Tensor) -> Tensor:
    """What the discounts of the first |y_i| ranks add up to, [B]; 0 where there are none."""
    ranks = torch.arange(1, targets.shape[1] + 1, device=targets.device, dtype=targets.dtype)
    return (targets.sort(dim=1, descending=True).values / torch.log2(1 + ranks)).sum(dim=1)
