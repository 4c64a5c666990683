from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mlbench.losses.base import Identities, LabelStats, register_loss
from mlbench.losses.parts.checks import nonnegative, prepared
from mlbench.losses.parts.elementwise import ElementwiseLoss
from mlbench.search_space import Choice


@register_loss("logit_adjusted")
class LogitAdjusted(ElementwiseLoss):
    """Logit adjustment: BCE of logits that the labels' log-odds are added to, so that the logits need not hold them.

        −[y log σ(x') + (1 − y) log σ(−x')],  x' = x + τ log(n_k / (N − n_k))

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. y may be soft. n_k are the positives
    of label k among the training rows, clamped to [1, N−1]. Predictions and thresholds are of x, in which rare
    labels come out higher than they are likely. Where heads start at the log-odds, x starts lower by what is
    added: x' then starts, and goes on, as the logits of `bce`, and so does every metric that takes labels one by
    one; it differs where labels are compared with one another, or cut at one threshold.
    Errors: ValueError for a tau below 0, or before `prepare`.
    Source: Menon et al. 2021, "Long-tail Learning via Logit Adjustment", https://arxiv.org/abs/2007.07314, where τ
    is 1 and, in the released code too, τ log of the frequencies is added to the logits of a softmax; what is added
    to a sigmoid's is derived from that.
    """

    needs = {"logits"}
    accepts = {"known"}
    soft_targets = True
    identities: ClassVar[Identities] = (({"tau": 0.0}, "bce", {}),)
    search_space = {"tau": Choice(0.5, 1.0, 1.5, 2.0)}

    def __init__(self, tau: float = 1.0, reduction: Literal["mean", "batchmean", "sum"] = "mean") -> None:
        super().__init__(reduction)
        self.tau = nonnegative("tau", tau)
        self.added: Tensor | None
        self.register_buffer("added", None)

    def prepare(self, stats: LabelStats) -> None:
        counts, totals = stats.clamped()
        self.added = self.tau * (counts / (totals - counts)).log()

    def starting_logits(self, log_odds: Tensor) -> Tensor:
        """`log_odds` [L] less what is added."""
        return log_odds - prepared(self.added, self, log_odds)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        added = prepared(self.added, self, logits)
        return binary_cross_entropy_with_logits(logits + added, targets, reduction="none")
