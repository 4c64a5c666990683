from __future__ import annotations

from torch import Tensor

from mlbench.losses.base import Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.contrast import ContrastiveLoss, normalised
from mlbench.search_space import LogUniform


@register_loss("prototype")
class PrototypeLoss(ContrastiveLoss):
    """Prototype loss: each sample drawn to the prototypes of its labels, away from all other prototypes.

        mean over samples i with labels of −(1/|y_i|) Σ_{c∈y_i} log softmax_c(z_i·c/τ)

    Shapes: embeddings z [B, P] and prototypes c [L, P], of unit length; targets y [B, L]. Samples do not see
    one another. Errors: ValueError for a temperature that is not above 0. Source: the ablation with
    prototypes alone of Audibert, Gauffre, Amini 2024, "Multi-Label Contrastive Learning: A Comprehensive
    Study", https://arxiv.org/abs/2412.00101; τ 0.1 is theirs.
    """

    needs = {"embeddings", "prototypes"}
    same_results = {"6a4f8993cc41a8a5": "the same bits, slower"}
    search_space = {"temperature": LogUniform(0.03, 0.5)}

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)

    def similarities(self, out: Outputs) -> Tensor:
        """z·c/τ [B, L]."""
        return out.embeddings @ out.prototypes.T / self.temperature

    def weights(self, out: Outputs, targets: Tensor) -> Tensor:
        return normalised(targets)
