from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from mlbench.losses.asl import AsymmetricLoss
from mlbench.losses.base import Loss, Outputs, register_loss
from mlbench.losses.parts.bhattacharyya import bhattacharyya_distance
from mlbench.losses.parts.checks import nonnegative, one_of, positive
from mlbench.losses.parts.contrast import jaccard
from mlbench.losses.parts.gaussian import reconstruction, seen_features
from mlbench.search_space import Choice, LogUniform

FLOOR = 1e-7


@register_loss("kmcl")
class KernelContrastive(Loss):
    """KMCL: ASL, a reconstruction of each sample by its labels' Gaussian kernels, and a kernel contrast.

        asl_weight · ASL + rec_weight · REC + con_weight · CON
        g_k = exp(−½ Σ_d (f_d − μ_kd)²/v_kd),   π = σ(logits)
        REC = (1/B) Σ_n −log max(Σ_k y_k π_k g_k / Σ_k π_k g_k, 1e-7)
        CON = (1/B) Σ_n −1/|A(n)| Σ_{m∈A(n)} Σ_{k∈y_n∩y_m} ℓ,   A(n): the others that share a label with n
        ℓ = J_nm log r (`jaccard` "outside") or log(J_nm r + 1e-7) ("inside")
        r = e^{BC_k(n,m)/τ} / Σ_{l≠n} e^{BC_k(n,l)/τ}
        BC_k = exp(−Δ_k), Δ_k = Σ_d ½ log((v_n + v_m)/(2√(v_n v_m))) + ¼ (μ_n − μ_m)²/(v_n + v_m)

    Shapes: logits [B, L]; features [B, M]; kernels μ, v [B, L] (`case` "isotropic", where f is the features
    and D = M) or [B, D, L] ("anisotropic", where f is the kernels' own features [B, D]); targets [B, L]. An
    anchor that shares nothing gives 0. All is in log-space: with M in the thousands g underflows, and the
    released code then drops REC. Only (sample, label) pairs that are present get a row of BC; a kernel term of
    weight 0 is not computed. Errors: ValueError for a temperature not above 0, a weight below 0, or kernels of
    the other case. Source: Sajedi et al. 2023, "End-to-End Supervised Multilabel Contrastive Learning",
    https://arxiv.org/abs/2307.03967; its code: Jaccard inside the log, anisotropic Δ times D ("reference"), ASL summed.
    """

    needs = {"logits", "features", "kernels"}
    gathers = True
    exact_gradient = {"focus_grad": True}
    same_results = {"267b79762063e531": "the same bits, slower"}
    search_space = {
        "temperature": LogUniform(0.05, 1.0),
        "rec_weight": Choice(0.1, 0.3, 1.0),
        "con_weight": Choice(0.1, 0.3, 1.0),
        "gamma_neg": Choice(2.0, 4.0, 6.0),
        "clip": Choice(0.0, 0.05),
    }
    without_effect = {"temperature": {"con_weight": 0}, "gamma_neg": {"asl_weight": 0},
                      "clip": {"asl_weight": 0}}  # fmt: skip

    def __init__(
        self,
        case: Literal["anisotropic", "isotropic"] = "anisotropic",
        temperature: float = 0.17,
        asl_weight: float = 1.0,
        rec_weight: float = 1.0,
        con_weight: float = 1.0,
        gamma_neg: float = 4.0,
        gamma_pos: float = 0.0,
        clip: float = 0.05,
        focus_grad: bool = False,
        asl_reduction: Literal["sum", "batchmean", "mean"] = "sum",
        jaccard: Literal["outside", "inside"] = "outside",
        bc_scale: Literal["exact", "reference"] = "exact",
    ) -> None:
        super().__init__()
        self.kernel_case = one_of("case", case, ("anisotropic", "isotropic"))
        self.temperature = positive("temperature", temperature)
        self.weights = {
            "asl": nonnegative("asl_weight", asl_weight),
            "reconstruction": nonnegative("rec_weight", rec_weight),
            "contrast": nonnegative("con_weight", con_weight),
        }
        self.asl = AsymmetricLoss(gamma_neg, gamma_pos, clip, focus_grad=focus_grad, reduction=asl_reduction)
        self.jaccard = one_of("jaccard", jaccard, ("outside", "inside"))
        self.bc_scale = one_of("bc_scale", bc_scale, ("exact", "reference"))

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        shape = list(out.kernels.mean.shape)
        if len(shape) != (3 if self.kernel_case == "anisotropic" else 2):
            raise ValueError(f"{self.kernel_case} kmcl got kernels {shape}: isotropic is [B, L]")
        terms = {"asl": self.asl.forward(out, targets)}
        if self.weights["reconstruction"] > 0:
            terms["reconstruction"] = reconstruction(out, targets, FLOOR)
        if self.weights["contrast"] > 0:
            terms["contrast"] = self.contrast(*self.pairs(out, targets))
        self.components = {name: term.detach() for name, term in terms.items()}
        return sum((self.weights[name] * term for name, term in terms.items()), start=targets.new_zeros(()))

    def pairs(self, out: Outputs, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of every (n, k), by k, to each m: BC_k(n, m)/τ (to n as good as −∞), [k ∈ y_m]/|A(n)|, J_nm."""
        labels, rows = targets.T.nonzero(as_tuple=True)
        kernels, width = out.kernels, seen_features(out).shape[1]
        distance = bhattacharyya_distance(kernels.mean, kernels.variance, width, rows, labels)
        if self.bc_scale == "reference" and self.kernel_case == "anisotropic":
            distance = distance * width
        scores = torch.exp(-distance) / self.temperature
        itself = rows[:, None] == torch.arange(len(targets), device=rows.device)
        overlap = jaccard(targets, targets)[rows]
        also = targets.T[labels].masked_fill(itself, 0) / (overlap > 0).sum(dim=1, keepdim=True).clamp(min=1)
        return scores.masked_fill(itself, torch.finfo(scores.dtype).min), also, overlap

    def contrast(self, similarities: Tensor, also: Tensor, overlap: Tensor) -> Tensor:
        log_r = similarities.log_softmax(dim=1)
        terms = overlap * log_r if self.jaccard == "outside" else (overlap * log_r.exp() + FLOOR).log()
        return -(also * terms).sum() / similarities.shape[1]
