"""Losses that are a sum of one term per sample and label."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mlbench.losses.base import Loss, Outputs
from mlbench.losses.checks import one_of

Reduction = Literal["mean", "batchmean", "sum"]
REDUCTIONS: tuple[Reduction, ...] = ("mean", "batchmean", "sum")
BLOCK = 2**16
"""How many elements are worked on at a time on a CPU: what a formula makes of it stays in a core's cache."""


class ElementwiseLoss(Loss):
    """A loss with one term per sample and label: a subclass gives them in `elements`.

    The reductions: "mean" over B·L, "batchmean" (sum over L, mean over B) or "sum".
    """

    per_sample = True

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = one_of("reduction", reduction, REDUCTIONS)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The terms [B, L] of `logits` [B, L] and `targets` [B, L]; a row's depend on that row alone."""
        raise NotImplementedError(f"{type(self).__name__} has no elements")

    def total(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The sum of the terms of a block of rows on a CPU, where values may be looked at."""
        return self.elements(logits, targets).sum()

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        logits = out.logits
        if self._in_blocks(logits):
            total: Tensor = Blockwise.apply(logits, targets, self)
        else:
            total = self.elements(logits, targets).sum()
        divisor = {"mean": logits.numel(), "batchmean": len(logits), "sum": 1}[self.reduction]
        return total / divisor

    def _in_blocks(self, logits: Tensor) -> bool:
        on_cpu = logits.device.type == "cpu" and not torch.compiler.is_compiling()
        wanted = logits.numel() > BLOCK and logits.requires_grad and torch.is_grad_enabled()
        return on_cpu and wanted and next(self.parameters(), None) is None


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

    def total(self, logits: Tensor, targets: Tensor) -> Tensor:
        where = targets.bool().nonzero(as_tuple=True)
        few = logits[where]
        return self.absent(logits).sum() + (targets[where] * (self.present(few) - self.absent(few))).sum()


class Blockwise(torch.autograd.Function):
    """The sum of all terms, with its gradient computed beside it, one block of rows after the other.

    The time of an elementwise loss on a CPU goes into moving the dozens of [B, L] tensors of its formula and
    of their gradients through memory; of a block they stay in cache, and only the gradient is kept.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, loss: ElementwiseLoss) -> Tensor:
        total, gradient = logits.new_zeros(()), torch.empty_like(logits)
        rows = max(1, BLOCK // logits.shape[1])
        for start in range(0, len(logits), rows):
            block = slice(start, start + rows)
            with torch.enable_grad():
                leaf = logits[block].detach().requires_grad_()
                part = loss.total(leaf, targets[block])
            (gradient[block],) = torch.autograd.grad(part, leaf)
            total += part.detach()
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * grad_output, None, None


def power(base: Tensor, exponent: float) -> Tensor:
    """`base` ** `exponent` for a base in [0, 1], with a finite gradient at 0 whatever the exponent."""
    if exponent == 4:  # torch has short cuts for 2 and 3, and is slow from there on
        return base.square().square()
    if exponent < 1:
        base = base.clamp(min=torch.finfo(base.dtype).tiny)
    return base.pow(exponent)
