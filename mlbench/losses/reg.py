from __future__ import annotations

import torch
from torch import Tensor

from mlbench.losses.base import Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.contrast import (
    ContrastiveLoss,
    candidate_targets,
    normalised,
    shared_labels,
)
from mlbench.losses.parts.masking import mask_self, masked_mean
from mlbench.search_space import Choice, LogUniform


@register_loss("reg")
class RegularisedContrast(ContrastiveLoss):
    """The comprehensive study's loss: contrast with prototypes, without the part that pushes positives apart.

        anchors i: the batch and the prototypes;   candidates j: these and, where there is one, the memory
        y of a prototype: its own label
        f_ij = (|y_i ∩ y_j| / |y_j|)^α;   α < 0: 1 where y_j ⊆ y_i, else 0
        w_ij = (1/|y_i|) Σ_{c∈y_i∩y_j} f_ij / Σ_{k≠i: c∈y_k} f_ik,   σ_ij = softmax_{k≠i}(s_ik/τ)_j
        (1/A) Σ_i −Σ_j w_ij log σ_ij,   A: the number of anchors with Σ_j w_ij > 0
        with `regularize`, minus (1/A) Σ_ij [w_ij ≠ 0] max(σ_ij − w_ij, 0) s_ij/τ, that weight without gradient

    Where σ_ij > w_ij, the gradient of the first part pushes the positive pair (i, j) apart; the second part takes
    just that away.
    Shapes: embeddings [B, P] and prototypes [L, P], of unit length; targets y [B, L]; memory is O((B + L)²).
    Σ_c … is a matrix product; a prototype shares labels with no other prototype, so only the batch's is needed.
    Errors: ValueError for a temperature that is not above 0.
    Source: Audibert, Gauffre, Amini 2024, "Multi-Label Contrastive Learning: A Comprehensive Study",
    https://arxiv.org/abs/2412.00101; τ 0.1 and α 0 are theirs. The released code builds [B+L, B+L, L].
    """

    needs = {"embeddings", "prototypes"}
    accepts = {"memory"}
    exact_gradient = {"regularize": False}
    same_results = {"ab635e1a3fa78d75": "the same bits, slower"}
    search_space = {
        "temperature": LogUniform(0.03, 0.5),
        "alpha": Choice(-1.0, 0.0, 1.0, 2.0),
        "regularize": Choice(True, False),
        "train.queue": Choice(0, 2048),
        "train.views": Choice(1, 2),
    }

    def __init__(self, temperature: float = 0.1, alpha: float = 0.0, regularize: bool = True) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)
        self.alpha, self.regularize = alpha, regularize

    def similarities(self, out: Outputs) -> Tensor:
        """s/τ [B+L, B+L (+ Q)], of batch, prototypes and memory in that order."""
        anchors = torch.cat([out.embeddings, out.prototypes])
        memory = () if out.memory is None else (out.memory.embeddings,)
        return mask_self(anchors @ torch.cat([anchors, *memory]).T / self.temperature)

    def weights(self, out: Outputs, targets: Tensor) -> Tensor:
        """w [B+L, B+L (+ Q)]; rows sum to 1, or to 0 where there is no positive."""
        batch, labels = targets.shape
        samples = candidate_targets(out, targets)
        sizes = samples.sum(dim=1).clamp(min=1)
        f = self.inclusion(shared_labels(targets, samples) / sizes)
        # f is 1 from a sample to the prototypes of its labels: y_j is one label, and y_i has it.
        per_label = targets / (f @ samples + targets).clamp(min=1)
        own = targets.sum(dim=1, keepdim=True).clamp(min=1)
        to_samples, to_prototypes = f * (per_label @ samples.T) / own, per_label / own
        # A prototype has one label, so its weights are f over their sum.
        from_prototypes = normalised(self.inclusion(samples / sizes[:, None]).T)
        weights = targets.new_zeros(batch + labels, len(samples) + labels)
        weights[:batch, batch : batch + labels] = to_prototypes
        for rows, block in (slice(None, batch), to_samples), (slice(batch, None), from_prototypes):
            weights[rows, :batch] = block[:, :batch]
            weights[rows, batch + labels :] = block[:, batch:]
        return weights

    def inclusion(self, share: Tensor) -> Tensor:
        """f of |y_i ∩ y_j| / |y_j|; 0 where nothing is shared."""
        if self.alpha <= 0:
            return (share == 1 if self.alpha < 0 else share > 0).to(share.dtype)
        return share**self.alpha

    def contrast(self, similarities: Tensor, weights: Tensor) -> Tensor:
        log_sigma = similarities.log_softmax(dim=1)
        per_anchor = -(weights * log_sigma).sum(dim=1)
        if self.regularize:
            excess = (log_sigma.detach().exp() - weights).clamp(min=0) * (weights != 0)
            per_anchor = per_anchor - (excess * similarities).sum(dim=1)
        return masked_mean(per_anchor, weights.sum(dim=1) > 0)
