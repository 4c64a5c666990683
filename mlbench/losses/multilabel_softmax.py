from __future__ import annotations

from torch import Tensor

from mlbench.losses.base import Loss, Outputs, register_loss


@register_loss("multilabel_softmax")
class MultiLabelSoftmax(Loss):
    """Multi-label softmax: cross-entropy with the label set as one uniform distribution.

        −mean over i of (1/|y_i|) Σ_{k∈y_i} log softmax(x_i)_k

    Shapes: logits x and targets y, both [B, L]. A row without labels gives 0. It orders the labels of a
    sample only, so it has no threshold. Source: Mahajan et al. 2018, "Exploring the Limits of Weakly
    Supervised Pretraining", https://arxiv.org/abs/1805.00932; it has no constants.
    """

    needs = {"logits"}
    per_sample = True
    threshold = None
    search_space = {}

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        share = targets / targets.sum(dim=1, keepdim=True).clamp(min=1)
        return -(share * out.logits.log_softmax(dim=1)).sum() / len(targets)
