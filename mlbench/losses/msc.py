from __future__ import annotations

import math

import torch
from torch import Tensor

from mlbench.losses.base import Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.contrast import (
    ContrastiveLoss,
    candidate_targets,
    labels_in_common,
    overlap,
)
from mlbench.losses.parts.masking import masked_mean
from mlbench.search_space import Choice, LogUniform


@register_loss("msc")
class MultiLabelSupCon(ContrastiveLoss):
    """L_MSC: supervised contrast with prototypes, each label of the anchor counting alike.

        m_ijc = y_ic y_jc / |y_i ∪ y_j|,   n_ic = Σ_j m_ijc + (1 − 1/|y_i|) y_ic = y_ic + Σ_{j≠i} m_ijc
        w_ij = Σ_c m_ijc / n_ic (j ≠ i),   w_ic = y_ic / n_ic,   Σ_j w_ij + Σ_c w_ic = |y_i|
        D_i = β Σ_{k≠i} e^{z_i·z_k/τ} + Σ_c e^{z_i·c/τ}
        ℓ_i = −(1/|y_i|) [Σ_j w_ij log(e^{z_i·z_j/τ}/D_i) + Σ_c w_ic log(e^{z_i·c/τ}/D_i)]
        the mean of ℓ_i over the samples with labels

    Shapes: embeddings z [B, P] and prototypes c [L, P], of unit length; targets y [B, L]; candidates j, k are
    the batch and, where there is one, the memory. Σ_c m_ijc/n_ic is a matrix product, (Y ⊘ n) Yᵀ / |y_i ∪
    y_j|. Errors: ValueError for a temperature or a beta that is not above 0. Source: Audibert, Gauffre, Amini
    2024, "Exploring Contrastive Learning for Long-Tailed Multi-Label Text Classification",
    https://arxiv.org/abs/2404.08720 (ABALONE); τ 0.1 and β 0.1 are theirs. The released code builds m as [B,
    B, L] and gives NaN on a row without labels; here such a row is a negative to all others.
    """

    needs = {"embeddings", "prototypes"}
    accepts = {"memory"}
    same_results = {"33278d7587deecc2": "the same bits, slower"}
    search_space = {
        "temperature": LogUniform(0.03, 0.5),
        "beta": Choice(0.01, 0.1, 1.0),
        "train.queue": Choice(0, 2048),
        "train.views": Choice(1, 2),
    }

    def __init__(self, temperature: float = 0.1, beta: float = 0.1) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)
        self.beta = positive("beta", beta)

    def similarities(self, out: Outputs) -> Tensor:
        """The exponents of D [B, B (+ Q) + L]: s/τ + log β to the samples, s/τ to the prototypes."""
        to_samples = super().similarities(out) + math.log(self.beta)
        return torch.cat([to_samples, out.embeddings @ out.prototypes.T / self.temperature], dim=1)

    def weights(self, out: Outputs, targets: Tensor) -> Tensor:
        """w_ij and w_ic, divided by |y_i| [B, B (+ Q) + L]: rows sum to 1, or to 0 without labels."""
        candidates = candidate_targets(out, targets)
        shared, union = overlap(targets, candidates)
        per_union = (shared > 0) / union.clamp(min=1)
        common = labels_in_common(candidates)
        of_candidates = candidates[:, common]
        shares = of_candidates[: len(targets)] / (1 + per_union @ of_candidates)
        per_label = targets.clone()
        per_label[:, common] = shares
        to_samples = per_union * (shares @ of_candidates.T)
        return torch.cat([to_samples, per_label], dim=1) / targets.sum(dim=1, keepdim=True).clamp(min=1)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        similarities, weights = self.pairs(out, targets)
        to_samples = weights[:, : -targets.shape[1]].sum(dim=1)
        # The softmax over the exponents of D has β in its numerators too; the formula has it in D alone.
        offset = math.log(self.beta) * masked_mean(to_samples, targets.sum(dim=1) > 0)
        return self.contrast(similarities, weights) + offset
