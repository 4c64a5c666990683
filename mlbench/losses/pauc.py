from __future__ import annotations

from torch import Tensor
from torch.nn.functional import relu

from mlbench.losses.base import Loss, Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.masking import keep
from mlbench.losses.parts.positives import Block, Positives, sum_over
from mlbench.search_space import Choice


@register_loss("pauc")
class PartialAUC(Loss):
    """Partial AUC: each positive of a label above its negatives, the highest of which count most.

        mean over k of (1/|P_k|) Σ_{i∈P_k} λ log (1/|N_k|) Σ_{j∈N_k} e^{ℓ_ij/λ},  ℓ_ij = max(m − (p_ik − p_jk), 0)²

    Shapes: logits x and targets y, both [B, L]; p = σ(x), P_k and N_k are the samples of the batch that have label
    k and those that lack it, λ is `temperature`, m is `margin`. The mean is over labels that have both. As λ grows,
    all negatives count alike (the AUC); as it goes to 0, the highest alone. It sees the batch as a whole, and orders
    the samples of a label only, so it has no threshold.
    Errors: ValueError for a temperature or margin that is not above 0.
    Source: Zhu et al. 2022, "When AUC meets DRO: Optimizing Partial AUC for Deep Learning with Non-Convex Convergence
    Guarantee", ICML, https://arxiv.org/abs/2203.00176, its one-way form by KL (`pAUC_DRO_Loss` of LibAUC, λ 1 and m 1);
    the mean over negatives is of the batch here, a moving average for each positive there.
    """

    needs = {"logits"}
    gathers = True
    threshold = None
    search_space = {"temperature": Choice(0.1, 0.3, 1.0, 10.0), "margin": Choice(0.6, 0.8, 1.0)}

    def __init__(self, temperature: float = 1.0, margin: float = 1.0) -> None:
        super().__init__()
        self.temperature, self.margin = positive("temperature", temperature), positive("margin", margin)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        present = targets.T.contiguous()
        absent = present == 0
        positives, negatives = present.sum(dim=1), absent.sum(dim=1)
        counted = (positives > 0) & (negatives > 0)
        share = self.temperature / (positives.clamp(min=1) * counted.sum().clamp(min=1))
        log_negatives = negatives.clamp(min=1).to(present).log()

        def lost(block: Block) -> Tensor:
            terms = relu(self.margin - block.own + block.others).square() / self.temperature
            highest = keep(terms, absent[block.line]).logsumexp(dim=1)
            return share[block.line] * (highest - log_negatives[block.line])

        chosen = Positives.of(present * counted[:, None])
        return sum_over(out.logits.sigmoid().T.contiguous(), chosen, lost)
