from __future__ import annotations

from torch import Tensor
from torch.nn.functional import softplus

from mlbench.losses.base import Loss, Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.masking import keep
from mlbench.search_space import Choice


@register_loss("dece")
class DecoupledSoftmax(Loss):
    """Decoupled softmax: each positive in a softmax against the sample's negatives, without its other positives.

        −mean over i of (1/|y_i|) Σ_{c∈y_i} log( e^{x_ic/τ} / (e^{x_ic/τ} + Σ_{k∉y_i} e^{x_ik/τ}) )

    Shapes: logits x and targets y, both [B, L]; τ is `temperature`. A row without a positive or without a
    negative gives 0. With one label a row it is `multilabel_softmax`. It orders the labels of a sample only, so
    it has no threshold. Errors: ValueError for a temperature that is not above 0.
    Source: Gupta et al. 2024, "Dual-Encoders for Extreme Multi-Label Classification" (DEXML), ICLR,
    https://arxiv.org/abs/2310.10636, "decoupled-softmax" of the released code, there of cosines with τ 0.05; of
    logits τ is 1 here. The released code may draw one positive a row; here all count.
    """

    needs = {"logits"}
    per_sample = True
    threshold = None
    search_space = {"temperature": Choice(0.5, 1.0, 2.0)}

    def __init__(self, temperature: float = 1.0) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        scores = out.logits / self.temperature
        negatives = keep(scores, targets == 0).logsumexp(dim=1, keepdim=True)
        share = targets / targets.sum(dim=1, keepdim=True).clamp(min=1)
        return (share * softplus(negatives - scores)).sum() / len(targets)
