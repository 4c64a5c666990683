"""The optimisers of one cell: the protocol's for all that has none of its own, and the trunk's own where it brings one.

All but one are scale-free: a loss multiplied by a constant makes the same updates (AdamW with eps 1e-15, weight decay
decoupled). The exception is "adam", for recipes of papers whose code has torch's Adam as it comes: its decay is added
to the gradient, and weighs the less the larger the loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import nn

from mlbench.models.model import Model
from mlbench.suite import Protocol
from mlbench.training.schedule import Schedule

EPSILON = 1e-15


class Optimisers:
    """Every optimiser of a model and its loss, moved along one schedule.

    To torch's scaler it is one optimiser: where the gradient of any parameter overflowed, none of them steps. Else
    those that go on would be ahead by some updates, in the unit that gradients had before (`GradientUnit`).
    """

    def __init__(self, model: Model, loss: nn.Module, protocol: Protocol, schedule: Schedule) -> None:
        own = model.trunk.own_optimiser()
        self.all = [own] if own is not None else []
        self.schedule = schedule
        taken = {id(parameter) for optimiser in self.all for parameter in _parameters_of(optimiser)}
        rates = _layer_rates(model, protocol)
        encoder = [pair for pair in _named(model.trunk) if id(getattr(*pair)) not in taken]
        heads = [
            pair for part in (model.adapter, model.heads, loss) if part is not None for pair in _named(part)
        ]
        chosen: dict[tuple[float, float], list[torch.Tensor]] = {}
        for pairs, rate in ((encoder, protocol.encoder_lr), (heads, protocol.head_lr)):
            for module, name in pairs:
                parameter = getattr(module, name)
                decay = protocol.weight_decay if _decays(module, name) else 0.0
                chosen.setdefault((rates.get(id(parameter), rate), decay), []).append(parameter)
        groups = [
            {"params": parameters, "lr": rate, "weight_decay": decay}
            for (rate, decay), parameters in chosen.items()
        ]
        if groups:
            self.all.append(
                torch.optim.Adam(groups, fused=True)
                if protocol.optimiser == "adam"
                else torch.optim.AdamW(groups, eps=EPSILON, fused=True)
            )
        self.peaks = [[group["lr"] for group in optimiser.param_groups] for optimiser in self.all]
        self.parameters = [parameter for optimiser in self.all for parameter in _parameters_of(optimiser)]
        self._step_supports_amp_scaling = all(
            getattr(optimiser, "_step_supports_amp_scaling", False) for optimiser in self.all
        )
        """What the scaler asks: where all know them it gives `grad_scale` and `found_inf` for the time of a step, else
        it unscales the gradients itself and waits to hear whether any overflowed."""

    @property
    def as_one(self) -> torch.optim.Optimizer:
        """All of them, as the scaler takes an optimiser: it asks for groups and steps alone."""
        return cast(torch.optim.Optimizer, self)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all."""
        return [group for optimiser in self.all for group in optimiser.param_groups]

    def step(self) -> None:
        """One step of each, told of the scaler what it has to tell."""
        told: dict[str, Any] = {
            name: vars(self)[name] for name in ("grad_scale", "found_inf") if name in vars(self)
        }
        for optimiser in self.all:
            vars(optimiser).update(told)
            optimiser.step()
            for name in told:
                delattr(optimiser, name)

    def set_rates(self, step: int) -> float:
        """Set the learning rates of update `step`, and Adam's first decay where the schedule moves it; returns
        the factor on the rates' peaks."""
        factor, beta1 = self.schedule.factor(step), self.schedule.beta1(step)
        for optimiser, peaks in zip(self.all, self.peaks, strict=True):
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
                if beta1 is not None and "betas" in group:
                    group["betas"] = (beta1, group["betas"][1])
        return factor

    def state_dict(self) -> list[dict[str, Any]]:
        """The state of each optimiser."""
        return [optimiser.state_dict() for optimiser in self.all]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        """Go on from `states`. Each average is laid out in memory as its parameter is: the fused update reads
        both as they lie, and a file has no channels last."""
        for optimiser, state in zip(self.all, states, strict=True):
            optimiser.load_state_dict(state)
            for parameter, own in optimiser.state.items():
                for key, value in own.items():
                    if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                        own[key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)

    def zero_grad(self) -> None:
        """Forget all gradients; the optimisers' own way does more around it than the thing itself."""
        for parameter in self.parameters:
            parameter.grad = None


def _layer_rates(model: Model, protocol: Protocol) -> dict[int, float]:
    """The trunk's peak learning rates by parameter, falling from its last layer to its first."""
    if protocol.layer_decay is None:
        return {}
    layers = model.trunk.parameters_by_depth()
    return {
        id(parameter): protocol.encoder_lr * protocol.layer_decay ** (len(layers) - 1 - depth)
        for depth, layer in enumerate(layers)
        for parameter in layer
    }


def _parameters_of(optimiser: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    for group in optimiser.param_groups:
        yield from group["params"]


def _named(root: nn.Module) -> list[tuple[nn.Module, str]]:
    """(module, parameter name) of every trainable parameter, shared ones once."""
    seen: set[int] = set()
    found = []
    for module in root.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.requires_grad and id(parameter) not in seen:
                seen.add(id(parameter))
                found.append((module, name))
    return found


def _decays(module: nn.Module, name: str) -> bool:
    """Weight decay is for the weights of matrices and kernels: not for biases, norms and embeddings."""
    parameter = getattr(module, name)
    return parameter.ndim > 1 and not isinstance(module, nn.Embedding | nn.EmbeddingBag) and name == "weight"
