from __future__ import annotations

from torch import Tensor

from mlbench.losses.base import Outputs, register_loss
from mlbench.losses.parts.checks import positive, within
from mlbench.losses.parts.contrast import ContrastiveLoss, candidate_targets, jaccard
from mlbench.search_space import Choice, LogUniform, Uniform


@register_loss("multisupcon")
class MultiSupCon(ContrastiveLoss):
    """MultiSupCon: pairs whose label sets are alike enough attract, each by how alike they are.

        J_ij = |y_i ∩ y_j| / |y_i ∪ y_j|,   P_i = {j ≠ i: J_ij ≥ threshold}
        mean over anchors i with a positive of −1/|P_i| Σ_{j∈P_i} J_ij log softmax_{k≠i}(z_i·z_k/τ)_j

    Shapes: embeddings z [B, P], of unit length; targets [B, L]; candidates j, k are the batch and, where
    there is one, the memory. Samples without labels are not alike. Errors: ValueError for a temperature that
    is not above 0 or a threshold that is not in (0, 1]. Source: MultiSupCon 2022, "Contrastive Learning for
    Multi-Label Classification", code at https://github.com/WolodjaZ/MultiSupContrast: the threshold 0.3 is its
    default and τ 0.1 that of its scripts (0.07 in the code). There an anchor without a positive makes NaN, two
    views of a sample are positives of each other, and the whole is multiplied by τ/0.07.
    """

    needs = {"embeddings"}
    accepts = {"memory"}
    same_results = {"66d5befb0b7ec60d": "the same bits, slower"}
    search_space = {
        "temperature": LogUniform(0.03, 0.5),
        "threshold": Uniform(0.1, 0.7),
        "train.queue": Choice(0, 2048),
        "train.views": Choice(1, 2),
    }

    def __init__(self, temperature: float = 0.1, threshold: float = 0.3) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)
        self.alike = within("threshold", positive("threshold", threshold), 0, 1)

    def weights(self, out: Outputs, targets: Tensor) -> Tensor:
        similarity = jaccard(targets, candidate_targets(out, targets))
        positives = similarity >= self.alike
        return similarity * positives / positives.sum(dim=1, keepdim=True).clamp(min=1)
