from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mlbench.losses.base import Outputs, register_loss
from mlbench.losses.parts.checks import within
from mlbench.losses.supcon import SupCon
from mlbench.search_space import Choice, LogUniform


@register_loss("bce_supcon")
class BinaryCrossEntropyAndSupCon(SupCon):
    """BCE on the logits and SupCon on the embeddings: the plain joint baseline.

        (1 − α) BCE + α SupCon,   BCE the mean over B·L, SupCon as in supcon

    Shapes: logits [B, L]; embeddings [B, P], of unit length; targets [B, L].
    Errors: ValueError for an alpha outside [0, 1] or a temperature that is not above 0.
    Source: the sum that joint methods start from; α 0.1 leaves the classification in front, τ 0.1 as in
    supcon.
    """

    needs = {"logits", "embeddings"}
    accepts: ClassVar[AbstractSet[str]] = frozenset()
    same_results: ClassVar[Mapping[str, str]] = {"7d299265e7b7e171": "the same bits, slower"}
    search_space = {
        "alpha": Choice(0.05, 0.1, 0.3, 0.5),
        "temperature": LogUniform(0.03, 0.5),
        "positives": Choice("any", "all"),
    }
    without_effect = {"temperature": {"alpha": 0.0}, "positives": {"alpha": 0.0}}

    def __init__(
        self, alpha: float = 0.1, temperature: float = 0.1, positives: Literal["any", "all"] = "any"
    ) -> None:
        super().__init__(positives, temperature)
        self.alpha = within("alpha", alpha, 0, 1)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        bce = binary_cross_entropy_with_logits(out.logits, targets)
        contrast = self.contrast(*self.pairs(out, targets))
        self.components = {"bce": bce.detach(), "contrast": contrast.detach()}
        return (1 - self.alpha) * bce + self.alpha * contrast
