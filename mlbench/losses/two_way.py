from __future__ import annotations

from torch import Tensor
from torch.nn.functional import softplus

from mlbench.losses.base import Loss, Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.masking import keep, masked_mean
from mlbench.search_space import Choice


@register_loss("two_way")
class TwoWayLoss(Loss):
    """Two-way loss: positives above negatives along each sample's row and along each label's column.

        softplus(T_n log Σ_neg e^{x/T_n} + T_p log Σ_pos e^{−x/T_p})
        over each row, averaged over rows that have a positive, plus the same over columns

    Shapes: logits x and targets y, both [B, L]; T_n, T_p are `temp_neg`, `temp_pos`. A row or column that is
    all positive gives 0. It sees the batch as a whole, and fixes no threshold: F1@0.5 says nothing about it.
    Errors: ValueError for a temperature that is not above 0. Source: Kobayashi 2023, "Two-way Multi-Label
    Loss", CVPR,
    https://openaccess.thecvf.com/content/CVPR2023/html/Kobayashi_Two-Way_Multi-Label_Loss_CVPR_2023_paper.html;
    T_p 4 and T_n 1 are the paper's.
    """

    needs = {"logits"}
    threshold = None
    search_space = {"temp_pos": Choice(1.0, 2.0, 4.0), "temp_neg": Choice(1.0, 2.0)}

    def __init__(self, temp_pos: float = 4.0, temp_neg: float = 1.0) -> None:
        super().__init__()
        self.temp_pos, self.temp_neg = positive("temp_pos", temp_pos), positive("temp_neg", temp_neg)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        absent = keep(out.logits / self.temp_neg, targets == 0)
        present = keep(-out.logits / self.temp_pos, targets == 1)
        return sum(
            (self.one_way(absent, present, targets, dim) for dim in (0, 1)), start=targets.new_zeros(())
        )

    def one_way(self, absent: Tensor, present: Tensor, targets: Tensor, dim: int) -> Tensor:
        """The mean over the rows (dim 1) or columns (dim 0) that have a positive."""
        highest = self.temp_neg * absent.logsumexp(dim) + self.temp_pos * present.logsumexp(dim)
        return masked_mean(softplus(highest), targets.any(dim))
