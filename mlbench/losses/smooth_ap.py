from __future__ import annotations

import torch
from torch import Tensor

from mlbench.losses.base import Loss, Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.positives import Block, Positives, sum_over
from mlbench.search_space import Choice


@register_loss("smooth_ap")
class SmoothAP(Loss):
    """Smooth AP: one minus the average precision of each label in the batch, its ranks made of sigmoids.

        mean over k of 1 − (1/|P_k|) Σ_{i∈P_k} R(i, P_k) / R(i, all),  R(i, S) = 1 + Σ_{j∈S, j≠i} σ((x_jk − x_ik)/τ)

    Shapes: logits x and targets y, both [B, L]; P_k are the samples of the batch that have label k, τ is `temperature`.
    The mean is over labels that some sample has. It sees the batch as a whole, and orders the samples of a label only,
    so it has no threshold. Errors: ValueError for a temperature that is not above 0.
    Source: Brown et al. 2020, "Smooth-AP: Smoothing the Path Towards Large-Scale Image Retrieval", ECCV,
    https://arxiv.org/abs/2007.12163, which ranks cosines of embeddings with τ 0.01, each sample of a class in turn the
    query; here a label is the query (derived), and of logits τ is 0.1.
    """

    needs = {"logits"}
    gathers = True
    threshold = None
    search_space = {"temperature": Choice(0.01, 0.1, 0.5, 1.0)}

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        scores, present = out.logits.T.contiguous() / self.temperature, targets.T.contiguous()
        counts = present.sum(dim=1)
        share: Tensor = 1 / (counts.clamp(min=1) * (counts > 0).sum().clamp(min=1))

        def lost(block: Block) -> Tensor:
            above = torch.sigmoid(block.others - block.own)
            # Its own σ(0) is ½: with the ½ here it makes the 1 of the formula.
            of_all = 0.5 + above.sum(dim=1)
            of_present = 0.5 + (above * present[block.line]).sum(dim=1)
            return share[block.line] * (1 - of_present / of_all)

        return sum_over(scores, Positives.of(present), lost)
