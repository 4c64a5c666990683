"""The optimisers of one cell: AdamW for all that has none of its own, and the trunk's own where it brings one.

All are scale-free: a loss multiplied by a constant makes the same updates (AdamW with eps 1e-15, weight decay
decoupled).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from mlbench.models.model import Model
from mlbench.suite import Protocol
from mlbench.training.schedule import Schedule

EPSILON = 1e-15


class Optimisers:
    """Every optimiser of a model and its loss, moved along one schedule."""

    def __init__(self, model: Model, loss: nn.Module, protocol: Protocol, schedule: Schedule) -> None:
        own = model.trunk.own_optimiser()
        self.all = [own] if own is not None else []
        self.schedule = schedule
        taken = {id(parameter) for optimiser in self.all for parameter in _parameters_of(optimiser)}
        groups = []
        encoder = [
            (module, name) for module, name in _named(model.trunk) if id(getattr(module, name)) not in taken
        ]
        heads = [
            pair for part in (model.adapter, model.heads, loss) if part is not None for pair in _named(part)
        ]
        for part, rate in ((encoder, protocol.encoder_lr), (heads, protocol.head_lr)):
            for decays in (True, False):
                chosen = [getattr(module, name) for module, name in part if _decays(module, name) == decays]
                if chosen:
                    decay = protocol.weight_decay if decays else 0.0
                    groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
        if groups:
            self.all.append(torch.optim.AdamW(groups, eps=EPSILON, fused=True))
        self.peaks = [[group["lr"] for group in optimiser.param_groups] for optimiser in self.all]
        self.parameters = [parameter for optimiser in self.all for parameter in _parameters_of(optimiser)]

    def set_rates(self, step: int) -> float:
        """Set the learning rates of update `step`; returns the factor on their peaks."""
        factor = self.schedule.factor(step)
        for optimiser, peaks in zip(self.all, self.peaks, strict=True):
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
        return factor

    def zero_grad(self) -> None:
        for optimiser in self.all:
            optimiser.zero_grad(set_to_none=True)


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
