"""Losses that are a sum of one term per sample and label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mlbench.losses.base import Loss, Outputs
from mlbench.losses.parts.checks import one_of, readable

Reduction = Literal["mean", "batchmean", "sum"]
REDUCTIONS: tuple[Reduction, ...] = ("mean", "batchmean", "sum")
BLOCK = 2**16
"""How many elements are worked on at a time on a CPU: what a formula makes of it stays in a core's cache."""


class ElementwiseLoss(Loss):
    """A loss with one term per sample and label: a subclass gives them in `elements`.

    The reductions: "mean" over B·L, "batchmean" (sum over L, mean over B) or "sum". A loss that accepts `known` sums
    the known entries alone, and "mean" is over those.
    """

    per_sample = True

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = one_of("reduction", reduction, REDUCTIONS)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The terms [B, L] of `logits` [B, L] and `targets` [B, L]; a row's depend on that row alone."""
        raise NotImplementedError(f"{type(self).__name__} has no elements")

    def value_and_gradient(self, logits: Tensor, targets: Tensor, scale: float) -> tuple[Tensor, Tensor]:
        """The sum of the terms, and `scale` times its gradient, on a CPU, where values may be looked at."""
        return in_blocks(self.elements, scale, logits, targets)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        logits = out.logits
        if out.known is not None:
            total = (self.elements(logits, targets) * out.known).sum()
            if self.reduction == "mean":
                return total / out.known.sum().clamp_min(1)
            return total / len(logits) if self.reduction == "batchmean" else total
        divisor = {"mean": logits.numel(), "batchmean": len(logits), "sum": 1}[self.reduction]
        if self._in_blocks(logits):
            return cast(Tensor, Blockwise.apply(logits, targets, self, 1 / divisor))
        return self.elements(logits, targets).sum() / divisor

    def _in_blocks(self, logits: Tensor) -> bool:
        wanted = logits.numel() > BLOCK and logits.requires_grad and torch.is_grad_enabled()
        return readable(logits) and wanted and next(self.parameters(), None) is None


class TwoSidedLoss(ElementwiseLoss):
    """y · present(x) + (1 − y) · absent(x), for targets y between 0 and 1: a subclass gives the two terms.

    Both are of the logit alone, whatever its row and label. Few labels are present, so on a CPU `present` is
    computed for those only.
    """

    soft_targets = True

    def present(self, logits: Tensor) -> Tensor:
        """The term of a label that is there, of logits of any shape."""
        raise NotImplementedError(f"{type(self).__name__} has no present")

    def absent(self, logits: Tensor) -> Tensor:
        """The term of a label that is not there."""
        raise NotImplementedError(f"{type(self).__name__} has no absent")

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        return self.absent(logits).lerp(self.present(logits), targets)

    def value_and_gradient(self, logits: Tensor, targets: Tensor, scale: float) -> tuple[Tensor, Tensor]:
        def difference(few: Tensor, weights: Tensor) -> Tensor:
            return weights * (self.present(few) - self.absent(few))

        # numpy finds the few ones among many zeros six times as fast.
        where = torch.from_numpy(np.flatnonzero(targets.bool().numpy()))
        absent, gradient = in_blocks(self.absent, scale, logits)
        present, of_few = in_blocks(difference, scale, logits.take(where), targets.take(where))
        gradient.put_(where, of_few, accumulate=True)
        return absent + present, gradient


class Blockwise(torch.autograd.Function):
    """`scale` times the sum of all terms of an elementwise loss, the gradient computed beside the value."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, loss: ElementwiseLoss, scale: float) -> Tensor:
        total, gradient = loss.value_and_gradient(logits, targets, scale)
        ctx.save_for_backward(gradient)
        return total * scale

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient if grad_output == 1 else gradient * grad_output, None, None, None


def in_blocks(
    terms: Callable[..., Tensor], scale: float, variable: Tensor, *constants: Tensor
) -> tuple[Tensor, Tensor]:
    """The sum of `terms` (variable, *constants), and `scale` times its gradient, one block of rows after the other.

    The time of an elementwise loss on a CPU goes into moving the dozens of [B, L] tensors of its formula and
    of their gradients through memory; of a block they stay in cache, and only the gradient is kept.
    """
    total, gradient = variable.new_zeros(()), torch.empty_like(variable)
    rows = max(1, BLOCK * len(variable) // max(1, variable.numel()))
    seed = variable.new_tensor(scale)
    for start in range(0, len(variable), rows):
        block = slice(start, start + rows)
        with torch.enable_grad():
            leaf = variable[block].detach().requires_grad_()
            part = terms(leaf, *(constant[block] for constant in constants)).sum()
        (gradient[block],) = torch.autograd.grad(part, leaf, seed)
        total += part.detach()
    return total, gradient


def power(base: Tensor, exponent: float) -> Tensor:
    """`base` ** `exponent` for a base in [0, 1], with a finite gradient at 0 whatever the exponent."""
    if exponent == 4:  # torch has short cuts for 2 and 3, and is slow from there on
        return base.square().square()
    if exponent < 1:
        base = base.clamp(min=torch.finfo(base.dtype).tiny)
    return base.pow(exponent)
