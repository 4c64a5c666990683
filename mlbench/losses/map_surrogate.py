from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import relu

from mlbench.losses.base import LabelStats, Outputs, register_loss
from mlbench.losses.parts.checks import positive, within
from mlbench.losses.parts.positives import Block, Positives, sum_over
from mlbench.losses.parts.rows import NumberedOutputs, RowLoss
from mlbench.losses.parts.slots import Slots
from mlbench.search_space import Choice


@register_loss("map_surrogate")
class MapSurrogate(RowLoss):
    """mAP by SOAP: a quotient of two pairwise losses for each positive, each averaged over the times it was seen.

        mean over k of (1/|P_k|) Σ_{i∈P_k} 1 − u⁺_ik / u_ik,  ℓ_ij = max(m − (x_ik − x_jk), 0)²
        u ← (1 − γ) u + γ (1/B) Σ_j ℓ_ij,  u⁺ ← (1 − γ) u⁺ + γ (1/B) Σ_j y_jk ℓ_ij

    with the gradient of (1/B) Σ_j [(u⁺ − u y_jk)/u²] ℓ_ij, in which u and u⁺ are constants.
    Shapes: logits x and targets y, both [B, L], `rows` [B]; P_k are the samples of the batch that have label k, m is
    `margin`. The mean is over labels that some sample has. u and u⁺ are two numbers for each positive of the training
    rows, 0 at first; they move in training mode. Without `rows`, and with γ 1, they are those of the batch. It
    orders the samples of a label only, so it has no threshold. Errors: ValueError for a gamma outside (0, 1], a
    margin that is not above 0, or rows before `prepare`.
    Source: Qi et al. 2021, "Stochastic Optimization of Areas Under Precision-Recall Curves with Provable Convergence",
    NeurIPS, https://arxiv.org/abs/2104.08736, as `mAPLoss` of LibAUC has it, γ 0.9 and m 1. Its value is the sum that
    the gradient is of, which is about 0 whatever the scores; the value here is what that gradient goes down.
    """

    needs = {"logits"}
    gathers = True
    stateful = True
    threshold = None
    exact_gradient = {"gamma": 1.0}
    search_space = {"gamma": Choice(0.1, 0.5, 0.9), "margin": Choice(0.6, 0.8, 1.0)}

    def __init__(self, gamma: float = 0.9, margin: float = 1.0) -> None:
        super().__init__()
        self.gamma, self.margin = positive("gamma", within("gamma", gamma, 0, 1)), positive("margin", margin)
        self.averages = Slots(2)

    def prepare(self, stats: LabelStats) -> None:
        self.averages.prepare(stats)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        scores, present = out.logits.T.contiguous(), targets.T.contiguous()
        positives = Positives.of(present)
        rows = out.rows if isinstance(out, NumberedOutputs) else None
        slots = None if rows is None else self.averages.of(rows, targets, positives, reserve=self.training)
        earlier = None if slots is None else self.averages.read(slots).to(scores)
        counts = present.sum(dim=1)
        share: Tensor = 1 / (counts.clamp(min=1) * (counts > 0).sum().clamp(min=1))
        moved = scores.new_empty(2, len(positives))

        def lost(block: Block) -> Tensor:
            terms = relu(self.margin - block.own + block.others).square()
            fresh = torch.stack([terms.mean(dim=1), (terms * present[block.line]).mean(dim=1)])
            u = fresh.detach()
            if earlier is not None:
                u = self.gamma * u + (1 - self.gamma) * earlier[:, block.where]
            moved[:, block.where] = u
            of_all, of_present = u[0], u[1]
            downhill = (of_present * fresh[0] - of_all * fresh[1]) / of_all.square()
            return share[block.line] * (1 - of_present / of_all + downhill - downhill.detach())

        value = sum_over(scores, positives, lost)
        if slots is not None and self.training:
            self.averages.write(slots, moved)
        return value
