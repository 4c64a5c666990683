"""The optimisers of one cell: the protocol's, and for the backbone its own where it brings one.

A loss multiplied by a constant makes the same updates: AdamW with eps 1e-15, weight decay decoupled. The exceptions are
for recipes of papers: "adam", torch's as it comes, whose decay is added to the gradient and weighs the less the larger
the loss; and "sgd", whose steps are as large as the loss.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from mlbench.models.model import Model
from mlbench.suite import Protocol
from mlbench.training.schedule import Schedule

EPSILON = 1e-15
MOMENTUM = 0.9
"""Of "sgd"."""
LARGEST_EXPONENT = 60
"""Of the power of two that gradients are rescaled by."""


class Optimisers:
    """Every optimiser of a model and its loss, moved along one schedule.

    To torch's scaler it is one optimiser: where the gradient of any parameter overflowed, none of them steps. Otherwise
    some would be ahead by some updates, in the scale that gradients had before (`GradientRescaling`).
    """

    def __init__(self, model: Model, loss: nn.Module, protocol: Protocol, schedule: Schedule) -> None:
        own = model.backbone.own_optimiser()
        self.all = [own] if own is not None else []
        self.schedule = schedule
        taken = {id(parameter) for optimiser in self.all for parameter in _parameters_of(optimiser)}
        rates = _layer_rates(model, protocol)
        encoder = [pair for pair in _named(model.backbone) if id(getattr(*pair)) not in taken]
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
            self.all.append(_optimiser(protocol, groups))
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


def _optimiser(protocol: Protocol, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    if protocol.optimiser == "adam":
        return torch.optim.Adam(groups, fused=True)
    if protocol.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=protocol.head_lr, momentum=MOMENTUM, fused=True)
    return torch.optim.AdamW(groups, eps=EPSILON, fused=True)


def _layer_rates(model: Model, protocol: Protocol) -> dict[int, float]:
    """The backbone's peak learning rates by parameter, falling from its last layer to its first."""
    if protocol.layer_decay is None:
        return {}
    layers = model.backbone.parameters_by_depth()
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


class GradientRescaling:
    """Multiplies all gradients by a power of two that brings their norm into [1, 2), found at the first that is not 0.

    The optimisers are invariant to a loss's scale but for their eps and for what float32 cannot hold: squares of
    gradients below 1e-19 vanish. Rescaled, all losses are as far from both, and a loss times a power of two makes
    the same updates, bit by bit. Before it is found the factor is 1, and stays it where the optimiser wants the loss
    in its `own` scale, as one with coupled weight decay does.
    """

    def __init__(self, own: bool = False) -> None:
        self.factor = 1.0
        self.found = own

    def find(self, parameters: Sequence[Tensor], scale: float = 1.0) -> None:
        """Find the factor from the gradients of the last backward pass, and rescale them; waits for the device.

        fp16 has made them `scale` times as large, and they stay so: it needs the room.
        """
        norm = float(gradient_norm(parameters)) / scale
        if norm > 0 and math.isfinite(norm):
            exponent = max(-LARGEST_EXPONENT, min(LARGEST_EXPONENT, -math.floor(math.log2(norm))))
            self.factor, self.found = 2.0**exponent, True
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.grad.mul_(self.factor)


def gradient_norm(parameters: Sequence[Tensor]) -> Tensor:
    """√Σ g² over all gradients, sparse ones included; a scalar on the device."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    dense = [(each.coalesce().values() if each.is_sparse else each).float() for each in gradients]
    if not dense:
        return torch.zeros(())
    return _norm_one_by_one(dense) if dense[0].device.type == "cpu" else _norm_at_once(dense)


def _norm_one_by_one(tensors: list[Tensor]) -> Tensor:
    return torch.stack([each.square().sum() for each in tensors]).sum().sqrt()


def _norm_at_once(tensors: list[Tensor]) -> Tensor:
    """A few kernels for all of them rather than some for each; on a CPU it would save nothing and round otherwise."""
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))
    return norm


def clip_gradients(parameters: Sequence[Tensor], norm: Tensor, clip_norm: float) -> None:
    """Bring all gradients, whose norm is `norm`, down to `clip_norm` together; never up."""
    scale = (clip_norm / norm.clamp_min(1e-30)).clamp(max=1.0)
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if gradients:
        torch._foreach_mul_(gradients, scale)
