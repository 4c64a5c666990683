from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mlbench.losses.base import Outputs, register_loss
from mlbench.losses.parts.checks import nonnegative, positive
from mlbench.losses.parts.contrast import ContrastiveLoss, normalised
from mlbench.losses.parts.masking import mask_self
from mlbench.search_space import Choice, LogUniform


@register_loss("mulcon")
class MulCon(ContrastiveLoss):
    """MulCon: BCE, plus a supervised contrast between the label-level embeddings of the labels present.

        BCE + weight · SupCon,   BCE the mean over B·L
        SupCon over items t = (i, k) with y_ik = 1 and g_t the label embedding of k in sample i:
        mean over items with a positive of −1/|P_t| Σ_{u∈P_t} log softmax_{v≠t}(g_t·g_v/τ)_u,
        P_t: the items of the same label in other samples

    Shapes: logits [B, L]; label_embeddings g [B, L, P], of unit length; targets y [B, L]. Memory is (Σ|y|)².
    Errors: ValueError for a temperature that is not above 0 or a weight below 0.
    Source: Dao et al. 2021, "Contrastively Enforcing Distinctiveness for Multi-Label Image Classification",
    https://arxiv.org/abs/2107.11626; τ 0.2 and weight 0.5 are in the range of its scripts.
    """

    needs = {"logits", "label_embeddings"}
    gathers = True
    same_results = {"7b19b34c4cf27d02": "the same bits, slower"}
    search_space = {"temperature": LogUniform(0.05, 0.5), "weight": Choice(0.1, 0.5, 1.0)}
    without_effect = {"temperature": {"weight": 0.0}}

    def __init__(self, temperature: float = 0.2, weight: float = 0.5) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)
        self.weight = nonnegative("weight", weight)

    def pairs(self, out: Outputs, targets: Tensor) -> tuple[Tensor, Tensor]:
        rows, labels = targets.nonzero(as_tuple=True)
        items = out.label_embeddings[rows, labels]
        similarities = items @ items.T / self.temperature
        same = (labels[:, None] == labels[None, :]).to(similarities.dtype)
        return mask_self(similarities), normalised(same.fill_diagonal_(0))

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        bce = binary_cross_entropy_with_logits(out.logits, targets)
        contrast = self.contrast(*self.pairs(out, targets))
        self.components = {"bce": bce.detach(), "contrast": contrast.detach()}
        return bce + self.weight * contrast
