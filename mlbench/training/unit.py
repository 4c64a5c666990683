"""One unit for every loss's gradients, so that a loss's scale plays no part to the last bit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from mlbench.training.watch import gradient_norm

LARGEST = 60


class GradientUnit:
    """A power of two, found at the first gradient that is not zero, that brings its norm into [1, 2).

    The optimisers are invariant to a loss's scale but for their eps and for what float32 cannot hold: squares
    of gradients below 1e-19 vanish. In a unit of their own all losses are as far from both, and a loss times
    a power of two makes bit by bit the same updates. Before it is found the factor is 1, and stays it where the
    optimiser wants the loss in a scale of its `own`, as one with coupled weight decay does.
    """

    def __init__(self, own: bool = False) -> None:
        self.factor = 1.0
        self.found = own

    def find(self, parameters: Sequence[Tensor], scale: float = 1.0) -> None:
        """Look at the gradients of the batch just gone back through, and rescale them; waits for the device.

        They are `scale` times what they stand for: the room that fp16 needs stays theirs.
        """
        norm = float(gradient_norm(parameters)) / scale
        if norm > 0 and math.isfinite(norm):
            exponent = max(-LARGEST, min(LARGEST, -math.floor(math.log2(norm))))
            self.factor, self.found = 2.0**exponent, True
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.grad.mul_(self.factor)
