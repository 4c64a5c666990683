"""Gaussian kernels of samples, and the Bhattacharyya coefficient between two of one label."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid
from torch.utils.checkpoint import checkpoint

from mlbench.losses.base import Outputs
from mlbench.losses.ranking import keep

CHUNK = 2**22
"""How many elements of [T, B, D] are worked on at a time."""


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


def bhattacharyya_distance(out: Outputs, rows: Tensor, labels: Tensor) -> Tensor:
    """Δ [T, B] between the kernel of sample `rows[t]` for label `labels[t]` and every sample's for that
    label.

    Δ = Σ_d ½ log((v_n + v_m) / (2√(v_n v_m))) + ¼ (μ_n − μ_m)²/(v_n + v_m); an isotropic kernel has the same
    mean and variance in each of the D dimensions.
    """
    mean, variance = out.kernels.mean, out.kernels.variance
    if mean.ndim == 2:
        return seen_features(out).shape[1] * _isotropic(mean, variance, rows, labels)
    # [L, B, D], so that a label's rows lie together; a chunk of [T, B, D] is built anew in the backward pass.
    mean, variance = mean.permute(2, 0, 1).contiguous(), variance.permute(2, 0, 1).contiguous()
    step = max(1, CHUNK // mean[0].numel())
    chunks = zip(torch.split(rows, step), torch.split(labels, step), strict=True)
    distances: list[Tensor] = [
        checkpoint(_anisotropic, mean, variance, *chunk, use_reentrant=False, preserve_rng_state=False)
        for chunk in chunks
    ]
    return torch.cat(distances)


def _isotropic(mean: Tensor, variance: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
    others, spread = mean.T[labels], variance.T[labels]
    own, own_spread = mean[rows, labels][:, None], variance[rows, labels][:, None]
    # log((v + u) / (2√(vu))) = ½ log1p((v − u)²/(4vu)): exact for v near u, as D in the thousands needs.
    shape = torch.log1p((own_spread - spread).square() / (4 * own_spread * spread))
    return 0.25 * (shape + (own - others).square() / (own_spread + spread))


def _anisotropic(mean: Tensor, variance: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
    others, spread = mean[labels], variance[labels]
    own, own_spread = mean[labels, rows][:, None], variance[labels, rows][:, None]
    total = own_spread + spread
    per_dimension = 0.25 * (own - others).square() / total + 0.5 * (0.5 * total).log()
    log_spread = variance.log().sum(dim=-1)
    own_log_spread = log_spread[labels, rows][:, None]
    return per_dimension.sum(dim=-1) - 0.25 * (own_log_spread + log_spread[labels])


def reconstruction(out: Outputs, targets: Tensor, floor: float) -> Tensor:
    """The mean over samples of −log max(Σ_k y_k π_k g_k / Σ_k π_k g_k, floor), π = σ(logits).

    Where the floor holds, as on a row without labels, there is no gradient.
    """
    log_joint = logsigmoid(out.logits) + log_kernel(out)
    log_share = keep(log_joint, targets == 1).logsumexp(dim=1) - log_joint.logsumexp(dim=1)
    return -log_share.clamp(min=math.log(floor)).mean()
