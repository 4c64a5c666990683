"""A plugin: losses whose parameters tell `tests.runner.faults` what their cells are to do."""

from __future__ import annotations

from torch import Tensor

import mlbench


@mlbench.register_loss("toy_loss")
class ToyLoss(mlbench.Loss):
    """The mean squared logit."""

    needs = {"logits"}
    per_sample = True

    def __init__(self, act: str = "done", number: float = 0.0) -> None:
        super().__init__()
        self.act, self.number = act, number

    def forward(self, out: mlbench.Outputs, targets: Tensor) -> Tensor:
        assert out.logits is not None
        return out.logits.square().sum(dim=1).mean()


@mlbench.register_loss("toy_pairs")
class ToyPairs(ToyLoss):
    """The same, said to compare the rows of a batch."""

    per_sample = False
