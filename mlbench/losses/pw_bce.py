from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mlbench.losses.base import Identities, LabelStats, register_loss
from mlbench.losses.parts.checks import nonnegative, prepared
from mlbench.losses.parts.elementwise import ElementwiseLoss
from mlbench.losses.parts.frequencies import propensity_weights
from mlbench.search_space import Choice


@register_loss("pw_bce")
class PropensityWeightedCrossEntropy(ElementwiseLoss):
    """Propensity-weighted BCE: positives of rare labels count more, since they are more often left out.

        −[w_k y log p + (1 − y) log(1 − p)],  p = σ(x)
        w_k = 2/π_k − 1,  1/π_k = 1 + C (n_k + b)^−a,  C = (log N − 1)(b + 1)^a

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. y may be soft. n_k are the positives
    of label k among the N training rows, clamped to [1, N−1]; with N ≤ e, C is 0 and every weight 1. `normalise`
    divides the weights by their mean. Errors: ValueError for an a or b below 0, or before `prepare`.
    Source: the weights of Qaraei et al. 2021, "Convex Surrogates for Unbiased Loss Functions in Extreme
    Classification With Missing Labels", WWW, https://dl.acm.org/doi/10.1145/3442381.3450139, with the propensities
    π of Jain et al. 2016 (https://dl.acm.org/doi/10.1145/2939672.2939756); a 0.55 and b 1.5 are theirs. The
    released code always divides the weights by their mean.
    """

    needs = {"logits"}
    accepts = {"known"}
    soft_targets = True
    identities: ClassVar[Identities] = (
        ({"a": 0.0, "normalise": True}, "bce", {}),
        ({}, "bce", {"pos_weight": "propensity"}),
    )
    search_space = {"a": Choice(0.5, 0.55, 0.6), "b": Choice(0.4, 1.5, 2.6), "normalise": Choice(False, True)}
    without_effect = {"b": {"a": 0.0}}

    def __init__(
        self,
        a: float = 0.55,
        b: float = 1.5,
        normalise: bool = False,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        self.a, self.b, self.normalise = nonnegative("a", a), nonnegative("b", b), normalise
        self.weight: Tensor | None
        self.register_buffer("weight", None)

    def prepare(self, stats: LabelStats) -> None:
        weight = propensity_weights(stats, self.a, self.b)
        self.weight = weight / weight.mean() if self.normalise else weight

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        weight = prepared(self.weight, self, logits)
        return binary_cross_entropy_with_logits(logits, targets, pos_weight=weight, reduction="none")
