from __future__ import annotations

from torch import Tensor

from mlbench.losses.base import Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.contrast import ContrastiveLoss, candidate_targets, jaccard, normalised
from mlbench.search_space import Choice, LogUniform


@register_loss("jaccard_supcon")
class JaccardSupCon(ContrastiveLoss):
    """Supervised contrast in which a pair counts by how much of its labels it shares.

        J_ij = |y_i ∩ y_j| / |y_i ∪ y_j|,   w_ij = J_ij / Σ_{k≠i} J_ik
        mean over anchors i with Σ_j w_ij > 0 of −Σ_j w_ij log softmax_{k≠i}(z_i·z_k/τ)_j

    Shapes: embeddings z [B, P], of unit length; targets [B, L]; candidates j, k are the batch and, where
    there is one, the memory. Errors: ValueError for a temperature that is not above 0. Source: the loss
    called "base" in Audibert, Gauffre, Amini 2024, "Multi-Label Contrastive Learning: A Comprehensive Study",
    https://arxiv.org/abs/2412.00101; τ 0.1 is theirs.
    """

    needs = {"embeddings"}
    accepts = {"memory"}
    same_results = {"09a3fd886d248835": "the same bits, slower"}
    search_space = {
        "temperature": LogUniform(0.03, 0.5),
        "train.queue": Choice(0, 2048),
        "train.views": Choice(1, 2),
    }

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)

    def weights(self, out: Outputs, targets: Tensor) -> Tensor:
        return normalised(jaccard(targets, candidate_targets(out, targets)))
