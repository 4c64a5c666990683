from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import ClassVar, Literal

from torch import Tensor

from mlbench.losses.base import Outputs, register_loss
from mlbench.losses.parts.checks import one_of, positive
from mlbench.losses.parts.contrast import (
    ContrastiveLoss,
    candidate_targets,
    normalised,
    overlap,
    shared_labels,
)
from mlbench.search_space import Choice, LogUniform


@register_loss("supcon")
class SupCon(ContrastiveLoss):
    """Supervised contrastive loss: who shares a label is pulled together, all others are pushed away.

        mean over anchors i with a positive of −1/|P_i| Σ_{j∈P_i} log softmax_{k≠i}(z_i·z_k/τ)_j

    Shapes: embeddings z [B, P], of unit length; targets [B, L]; candidates j, k are the batch and, where
    there is one, the memory. P_i are the others that share any label with i (`positives` "any") or whose
    label set is identical ("all"); a sample without labels is nobody's positive. Errors: ValueError for a
    temperature that is not above 0. Source: Khosla et al. 2020, "Supervised Contrastive Learning",
    https://arxiv.org/abs/2004.11362, its L_out; with one label each it is theirs. Temperature 0.1 is theirs
    too; their code further multiplies by τ/0.07 and means over anchors without positives, neither of which is
    done here.
    """

    needs = {"embeddings"}
    accepts: ClassVar[AbstractSet[str]] = {"memory"}
    same_results: ClassVar[Mapping[str, str]] = {"7fb87411db0ac1df": "the same bits, slower"}
    search_space = {
        "positives": Choice("any", "all"),
        "temperature": LogUniform(0.03, 0.5),
        "train.queue": Choice(0, 2048),
        "train.views": Choice(1, 2),
    }

    def __init__(self, positives: Literal["any", "all"] = "any", temperature: float = 0.1) -> None:
        super().__init__()
        self.positives = one_of("positives", positives, ("any", "all"))
        self.temperature = positive("temperature", temperature)

    def weights(self, out: Outputs, targets: Tensor) -> Tensor:
        candidates = candidate_targets(out, targets)
        if self.positives == "any":
            alike = shared_labels(targets, candidates) > 0
        else:
            shared, union = overlap(targets, candidates)
            alike = (shared > 0) & (shared == union)
        return normalised(alike.to(targets.dtype))
