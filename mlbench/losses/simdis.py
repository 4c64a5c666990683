from __future__ import annotations

from torch import Tensor

from mlbench.losses.base import Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.contrast import ContrastiveLoss, candidate_targets, shared_labels
from mlbench.search_space import Choice, LogUniform


@register_loss("simdis")
class SimilarityDissimilarity(ContrastiveLoss):
    """SimDis: a positive counts by what it has of the anchor's labels, and less by what it has besides.

        w_ip = |y_i ∩ y_p| / |y_i| · 1 / (1 + |y_p ∖ y_i|),   P_i: the others that share a label with i
        mean over anchors i with a positive of −1/|P_i| Σ_{p∈P_i} w_ip log softmax_{k≠i}(z_i·z_k/τ)_p

    Shapes: embeddings z [B, P], of unit length; targets [B, L]; candidates p, k are the batch and, where
    there is one, the memory. Errors: ValueError for a temperature that is not above 0. Source: Huang et al.
    2024, "Similarity-Dissimilarity Loss for Multi-label Supervised Contrastive Learning",
    https://arxiv.org/abs/2410.13439; written from the paper, not checked against released code.
    """

    needs = {"embeddings"}
    accepts = {"memory"}
    same_results = {"d172f8b72f4e2a96": "the same bits, slower"}
    search_space = {
        "temperature": LogUniform(0.03, 0.5),
        "train.queue": Choice(0, 2048),
        "train.views": Choice(1, 2),
    }

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)

    def weights(self, out: Outputs, targets: Tensor) -> Tensor:
        candidates = candidate_targets(out, targets)
        shared = shared_labels(targets, candidates)
        similarity = shared / targets.sum(dim=1, keepdim=True).clamp(min=1)
        dissimilarity = 1 / (1 + candidates.sum(dim=1) - shared)
        positives = (shared > 0).sum(dim=1, keepdim=True).clamp(min=1)
        return similarity * dissimilarity / positives
