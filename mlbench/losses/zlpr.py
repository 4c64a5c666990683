from __future__ import annotations

from torch import Tensor
from torch.nn.functional import pad

from mlbench.losses.base import Loss, Outputs, register_loss
from mlbench.losses.parts.masking import keep


@register_loss("zlpr")
class ZeroBoundedLogSumExp(Loss):
    """ZLPR: zero-bounded log-sum-exp and pairwise rank, every positive above 0 and every negative below.

        mean over i of log(1 + Σ_{k∉y_i} e^{x_ik}) + log(1 + Σ_{k∈y_i} e^{−x_ik})

    Shapes: logits x and targets y, both [B, L]. A label is on where its logit is above 0.
    Source: Su et al. 2022, "ZLPR: A Novel Loss for Multi-label Classification",
    https://arxiv.org/abs/2208.02955; it has no constants.
    """

    needs = {"logits"}
    per_sample = True
    search_space = {}

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        # The 1 inside each logarithm is one more column, of e^0.
        negatives = pad(keep(out.logits, targets == 0), (0, 1)).logsumexp(dim=1)
        positives = pad(keep(-out.logits, targets == 1), (0, 1)).logsumexp(dim=1)
        return (negatives + positives).mean()
