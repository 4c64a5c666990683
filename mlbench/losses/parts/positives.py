"""Sums over the positives of a batch, each compared with all scores of its line.

A line is the row of a sample or the column of a label. Few entries are positive, so a term for each of them costs P·W
for P positives in lines of W, where one for each pair of entries of a line would cost W times all entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mlbench.losses.parts.checks import readable

BLOCK = {"cpu": 2**18}
"""How many scores are compared at a time, by device: on a CPU what stays near a core."""
BLOCK_ELSEWHERE = 2**25


@dataclass(frozen=True)
class Positives:
    """Where the entries of [K, W] are whose terms are summed.

    - `line`: the line that each stands in.
    - `place`: where in that line.
    """

    line: Tensor
    place: Tensor

    @classmethod
    def of(cls, chosen: Tensor) -> Positives:
        """Where `chosen` [K, W] is not 0. Waits for the device, once."""
        if readable(chosen):
            # numpy finds the few ones among many zeros six times as fast.
            found = torch.from_numpy(np.flatnonzero(chosen.bool().numpy()))
            return cls(found // chosen.shape[1], found % chosen.shape[1])
        line, place = chosen.nonzero(as_tuple=True)
        return cls(line, place)

    def __len__(self) -> int:
        return len(self.line)


@dataclass(frozen=True)
class Block:
    """Some positives, and their lines.

    - `own` [C, 1]: their scores.
    - `others` [C, W]: the scores of their lines, with themselves among them.
    - `where`: which of all positives they are.
    - `line` [C]: the line that each stands in.
    """

    own: Tensor
    others: Tensor
    where: slice
    line: Tensor


Term = Callable[[Block], Tensor]


def sum_over(scores: Tensor, positives: Positives, term: Term) -> Tensor:
    """Σ of `term` (of a block of C positives: their terms [C]) over all positives of `scores` [K, W], a scalar that is
    connected to the scores where there are none, too. The gradient is computed beside the value, block by block, so
    that of what the terms take in between one block alone is kept."""
    total: Tensor = _SumOverPositives.apply(scores, positives, term)
    return total


class _SumOverPositives(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, positives: Positives, term: Term) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        total, gradient = scores.new_zeros(()), torch.zeros_like(scores) if wanted else None
        size = max(1, BLOCK.get(scores.device.type, BLOCK_ELSEWHERE) // scores.shape[1])
        for start in range(0, len(positives), size):
            where = slice(start, start + size)
            line, place = positives.line[where], positives.place[where]
            own, others = scores[line, place][:, None], scores.index_select(0, line)
            with torch.set_grad_enabled(wanted):
                if wanted:
                    own, others = own.requires_grad_(), others.requires_grad_()
                part = term(Block(own, others, where, line)).sum()
            total += part.detach()
            if gradient is not None:
                of_own, of_others = torch.autograd.grad(part, (own, others))
                gradient.index_add_(0, line, of_others)
                gradient.index_put_((line, place), of_own[:, 0], accumulate=True)
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, None, None]:
        (gradient,) = ctx.saved_tensors
        return None if gradient is None else gradient * grad_output, None, None
