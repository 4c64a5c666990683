"""Gaussian kernels of samples, and how well they rebuild each sample from its labels."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn.functional import logsigmoid

from mlbench.losses.base import Outputs
from mlbench.losses.parts.masking import keep


def seen_features(out: Outputs) -> Tensor:
    """f [B, D], what the kernels see: their own features, or else the model's."""
    return out.features if out.kernels.features is None else out.kernels.features


def log_kernel(out: Outputs) -> Tensor:
    """log g_k = −½ Σ_d (f_d − μ_kd)²/v_kd [B, L]."""
    seen, mean, variance = seen_features(out), out.kernels.mean, out.kernels.variance
    if mean.ndim == 3:
        return -0.5 * ((seen[:, :, None] - mean).square() / variance).sum(dim=1)
    # Σ_d (f_d − μ)² = Σ_d (f_d − f̄)² + D (f̄ − μ)²: nothing cancels, and no [B, D, L] is built.
    centre = seen.mean(dim=1, keepdim=True)
    spread = (seen - centre).square().sum(dim=1, keepdim=True)
    return -0.5 * (spread + seen.shape[1] * (centre - mean).square()) / variance


def reconstruction(out: Outputs, targets: Tensor, floor: float) -> Tensor:
    """The mean over samples of −log max(Σ_k y_k π_k g_k / Σ_k π_k g_k, floor), π = σ(logits).

    Where the floor holds, as on a row without labels, there is no gradient.
    """
    log_joint = logsigmoid(out.logits) + log_kernel(out)
    log_share = keep(log_joint, targets == 1).logsumexp(dim=1) - log_joint.logsumexp(dim=1)
    return -log_share.clamp(min=math.log(floor)).mean()
