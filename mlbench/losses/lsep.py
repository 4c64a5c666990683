from __future__ import annotations

from torch import Tensor
from torch.nn.functional import softplus

from mlbench.losses.base import Loss, Outputs, register_loss
from mlbench.losses.parts.masking import keep


@register_loss("lsep")
class LogSumExpPairwise(Loss):
    """LSEP: a smooth count of the pairs of labels that a sample has in the wrong order.

        mean over i of log(1 + Σ_{k∉y_i} Σ_{c∈y_i} e^{x_ik − x_ic})

    Shapes: logits x and targets y, both [B, L]. A row without a positive or without a negative gives 0. The
    sum over pairs is a product, so the term is softplus(lse_neg(x) + lse_pos(−x)). It orders the labels of a
    sample only, so it has no threshold. Source: Li, Song and Luo 2017, "Improving Pairwise Ranking for
    Multi-label Image Classification", https://arxiv.org/abs/1704.03135; it has no constants. The released
    code draws 1,000 pairs; here all count.
    """

    needs = {"logits"}
    per_sample = True
    threshold = None
    search_space = {}

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        negatives = keep(out.logits, targets == 0).logsumexp(dim=1)
        positives = keep(-out.logits, targets == 1).logsumexp(dim=1)
        return softplus(negatives + positives).mean()
