from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mlbench.losses.base import Outputs, register_loss
from mlbench.losses.parts.checks import positive, within
from mlbench.losses.parts.contrast import ContrastiveLoss, jaccard
from mlbench.losses.parts.masking import keep, with_self
from mlbench.search_space import Choice, LogUniform


@register_loss("jscl")
class JaccardSimilarityContrast(ContrastiveLoss):
    """BCE and JSCL, a contrast whose denominator is weighted by the labels shared.

        (1 − α) BCE + α JSCL,   BCE the mean over B·L,   J_ij = |y_i ∩ y_j| / |y_i ∪ y_j|
        JSCL = mean over i of −(1/(B−1)) Σ_{k≠i} log(e^{s_ik/τ} / Σ_{l≠i} J_il e^{s_il/τ})
        an anchor with Σ_l J_il = 0 gives 0

    As released, JSCL alone attracts pairs that share nothing and repels those that share labels.
    Shapes: logits [B, L]; embeddings z [B, P], of unit length, s_ij = z_i·z_j; targets [B, L].
    Errors: ValueError for an alpha outside [0, 1] or a temperature that is not above 0.
    Source: Lin et al. 2023, "An Effective Deployment of Contrastive Learning in Multi-label Text
    Classification", https://arxiv.org/abs/2212.00552; α and τ are in the range of its scripts.
    """

    needs = {"logits", "embeddings"}
    same_results = {"dbdf5baa0b84a474": "the same bits, slower"}
    search_space = {"alpha": Choice(0.05, 0.1, 0.2, 0.4), "temperature": LogUniform(0.05, 1.0)}
    without_effect = {"temperature": {"alpha": 0.0}}

    def __init__(self, alpha: float = 0.2, temperature: float = 0.5) -> None:
        super().__init__()
        self.alpha = within("alpha", alpha, 0, 1)
        self.temperature = positive("temperature", temperature)

    def weights(self, out: Outputs, targets: Tensor) -> Tensor:
        return jaccard(targets, targets)

    def contrast(self, similarities: Tensor, weights: Tensor) -> Tensor:
        """JSCL, of s/τ and J, both [B, B]."""
        related = weights > 0
        numerator = with_self(similarities, 0).sum(dim=1) / max(len(weights) - 1, 1)
        denominator = keep(similarities + weights.where(related, 1).log(), related).logsumexp(dim=1)
        return ((denominator - numerator) * related.any(dim=1)).mean()

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        bce = binary_cross_entropy_with_logits(out.logits, targets)
        contrast = self.contrast(*self.pairs(out, targets))
        self.components = {"bce": bce.detach(), "contrast": contrast.detach()}
        return (1 - self.alpha) * bce + self.alpha * contrast
