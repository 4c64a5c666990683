"""The Bhattacharyya distance between Gaussian kernels of one label, for the (sample, label) pairs present."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

CHUNK = {"cpu": 2**17, "cuda": 2**24}
"""How many elements of [T, B, D] are worked on at a time: what stays in a core's cache, what fills a GPU."""


def bhattacharyya_distance(
    mean: Tensor, variance: Tensor, width: int, rows: Tensor, labels: Tensor
) -> Tensor:
    """Δ [T, B] between the kernel of sample `rows[t]` for label `labels[t]` and every sample's for that
    label.

    Δ = Σ_d ½ log((v_n + v_m) / (2√(v_n v_m))) + ¼ (μ_n − μ_m)²/(v_n + v_m), of `mean` and `variance` [B, D,
    L], or of [B, L] for kernels that are alike in all of the D = `width` dimensions.
    """
    if mean.ndim == 2:
        return width * isotropic(mean, variance, rows, labels)
    return anisotropic(mean, variance, rows, labels)


def isotropic(mean: Tensor, variance: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
    """Δ of one dimension [T, B], of `mean` and `variance` [B, L]."""
    others, spread = mean.T[labels], variance.T[labels]
    own, own_spread = mean[rows, labels][:, None], variance[rows, labels][:, None]
    # log((v + u) / (2√(vu))) = ½ log1p((v − u)²/(4vu)): exact for v near u, as D in the thousands needs.
    shape = torch.log1p((own_spread - spread).square() / (4 * own_spread * spread))
    return 0.25 * (shape + (own - others).square() / (own_spread + spread))


def anisotropic(mean: Tensor, variance: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
    """Δ summed over the dimensions [T, B], of `mean` and `variance` [B, D, L]."""
    mean, variance = mean.permute(2, 0, 1).contiguous(), variance.permute(2, 0, 1).contiguous()
    log_spread = variance.log().sum(dim=-1)
    own = log_spread[labels, rows][:, None] + log_spread[labels]
    joint: Tensor = Joint.apply(mean, variance, rows, labels)
    return joint - 0.25 * own - 0.5 * math.log(2) * mean.shape[2]


class Joint(torch.autograd.Function):
    """Σ_d ¼ (μ_n − μ_m)²/(v_n + v_m) + ½ log(v_n + v_m) [T, B], of `mean` and `variance` [L, B, D].

    That is all of Δ that needs every pair in every dimension. It is built a chunk of [T, B, D] at a time, and
    again in the backward pass, so that memory stays that of a chunk.
    """

    @staticmethod
    def forward(ctx: Any, mean: Tensor, variance: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
        ctx.save_for_backward(mean, variance, rows, labels)
        joint = mean.new_empty(len(rows), mean.shape[1])
        for part in chunks(mean, len(rows)):
            apart, total = differences(mean, variance, rows[part], labels[part])
            joint[part] = 0.25 * apart.square_().div_(total).sum(dim=-1) + 0.5 * total.log_().sum(dim=-1)
        return joint

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:
        mean, variance, rows, labels = ctx.saved_tensors
        grad_mean, grad_variance = torch.zeros_like(mean), torch.zeros_like(variance)
        for part in chunks(mean, len(rows)):
            row, label, weight = rows[part], labels[part], grad[part, :, None]
            apart, total = differences(mean, variance, row, label)
            inverse = total.reciprocal_()
            ratio = apart.mul_(inverse)
            # The derivatives by v_n + v_m and by μ_n − μ_m, in that order, since the second is made in place.
            by_total = (inverse.mul_(0.5).addcmul_(ratio, ratio, value=-0.25)).mul_(weight)
            by_apart = ratio.mul_(0.5 * weight)
            grad_variance.index_add_(0, label, by_total)
            grad_mean.index_add_(0, label, by_apart, alpha=-1)
            grad_variance.index_put_((label, row), by_total.sum(dim=1), accumulate=True)
            grad_mean.index_put_((label, row), by_apart.sum(dim=1), accumulate=True)
        return grad_mean, grad_variance, None, None


def chunks(mean: Tensor, pairs: int) -> Iterator[slice]:
    """The pairs [T], a chunk of [T, B, D] after the other."""
    step = max(1, CHUNK.get(mean.device.type, CHUNK["cuda"]) // mean[0].numel())
    return (slice(start, start + step) for start in range(0, pairs, step))


def differences(mean: Tensor, variance: Tensor, rows: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """μ_n − μ_m and v_n + v_m, each [t, B, D] and free to be written to."""
    apart, total = mean[labels], variance[labels]
    own, own_spread = mean[labels, rows][:, None], variance[labels, rows][:, None]
    return apart.neg_().add_(own), total.add_(own_spread)
