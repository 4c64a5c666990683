"""SGD whose step does not depend on the loss's scale: for embedding tables with sparse gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class NormalisedSGD(torch.optim.Optimizer):
    """w ← w − lr · g / √v̂, v ← decay·v + (1 − decay)·‖g‖², v̂ = v / (1 − decay^t).

    The norm is that of the WHOLE parameter's gradient, so that rare rows take small steps and frequent ones
    large ones, as in plain SGD, while a loss multiplied by a constant makes the same steps. (Dividing each
    entry by its own running mean, as Adam and Adagrad do, gives rare words full steps, and the table then
    memorises the training set through them.) Sparse gradients stay sparse. An update that torch's scaler found to
    have overflowed changes nothing, and the host need not wait to hear of it.
    """

    _step_supports_amp_scaling = True
    """What torch's scaler asks: it then gives `grad_scale` and `found_inf` for the time of a step."""

    def __init__(self, parameters: Iterable[Tensor], lr: float, decay: float = 0.99) -> None:
        super().__init__(parameters, {"lr": lr, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient; a gradient of zero everywhere moves nothing."""
        assert closure is None, "NormalisedSGD takes no closure"
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group)

    def _update(self, parameter: Tensor, group: dict[str, Any]) -> None:
        gradient = parameter.grad
        assert gradient is not None
        if gradient.is_sparse:
            gradient = gradient.coalesce()
        values = gradient.values() if gradient.is_sparse else gradient
        scaled: Tensor | None = getattr(self, "grad_scale", None)
        overflowed: Tensor | None = getattr(self, "found_inf", None)
        if scaled is not None:
            values = values / scaled
        rate: float | Tensor = 1 - group["decay"]
        if overflowed is not None:
            values = values.masked_fill(overflowed > 0, 0)
            rate = rate * (overflowed == 0).to(values.dtype)
        squares = values.square().sum()
        state = self.state[parameter]
        if not state:
            state["mean_square"], state["weight"] = torch.zeros_like(squares), torch.zeros_like(squares)
        state["mean_square"].lerp_(squares, rate)
        # The weight is what a running mean of ones would be by now: 1 − decay^t.
        state["weight"].lerp_(torch.ones_like(squares), rate)
        norm = (state["mean_square"] / state["weight"]).sqrt()
        scale = torch.where(norm > 0, -group["lr"] / norm, torch.zeros_like(norm))
        if gradient.is_sparse:
            rows = gradient.indices()[0]
            parameter.index_add_(0, rows, values * scale)
        else:
            parameter.add_(values * scale)
