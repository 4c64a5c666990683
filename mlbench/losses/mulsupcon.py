from __future__ import annotations

from torch import Tensor

from mlbench.losses.base import Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.contrast import ContrastiveLoss, candidate_targets
from mlbench.search_space import Choice, LogUniform


@register_loss("mulsupcon")
class MulSupCon(ContrastiveLoss):
    """MulSupCon: each label of an anchor makes a supervised contrast of its own, and all of them count alike.

        for every sample i and label c of it, P_ic = {j ≠ i that have c}:
        −1/|P_ic| Σ_{j∈P_ic} log softmax_{k≠i}(z_i·z_k/τ)_j, 0 where P_ic is empty;
        averaged over all Σ_i |y_i| pairs (i, c)

    Shapes: embeddings z [B, P], of unit length; targets [B, L]; candidates j, k are the batch and, where
    there is one, the memory. Summed over c, that is the weight w_ij = Σ_{c∈y_i∩y_j} 1/|P_ic|, a matrix
    product. Errors: ValueError for a temperature that is not above 0. Source: Zhang and Wu 2024, "Multi-Label
    Supervised Contrastive Learning", https://doi.org/10.1609/aaai.v38i15.29619; τ 0.1 is theirs. Their
    candidates are a queue of a momentum encoder.
    """

    needs = {"embeddings"}
    accepts = {"memory"}
    same_results = {"1358aac63ffa0ef4": "the same bits, slower"}
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
        others = (candidates.sum(dim=0) - targets).clamp(min=1)
        weights = (targets / others) @ candidates.T
        return weights.fill_diagonal_(0) / targets.sum().clamp(min=1)

    def contrast(self, similarities: Tensor, weights: Tensor) -> Tensor:
        """−Σ_ij w_ij log softmax: the weights are divided by Σ|y_i| already."""
        return -(weights * similarities.log_softmax(dim=1)).sum()
