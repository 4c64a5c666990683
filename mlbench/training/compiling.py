"""torch.compile for trunks: one compilation per architecture and shape, not one per cell."""

from __future__ import annotations

from collections import OrderedDict

from mlbench.models.base import Trunk
from mlbench.models.model import Model

KEPT = 4
"""Compiled trunks that a process keeps."""

_compiled: OrderedDict[str, Trunk] = OrderedDict()


def compile_trunk(model: Model, recipe: str) -> None:
    """Let the model's training passes go through torch.compile; `recipe` tells apart trunks that differ in more
    than their parts.

    Compiled code belongs to a module, so the first trunk of each architecture is kept with its code, and a
    later cell's takes its place only by its weights. Passes without gradient stay as they are: they come in
    other shapes, each of which would be compiled for a few batches.
    """
    architecture = f"{recipe}\n{_architecture(model.trunk)}"
    if architecture in _compiled:
        kept = _compiled[architecture]
        kept.load_state_dict(model.trunk.state_dict())
        kept.zero_grad(set_to_none=True)
        model.trunk = kept
    else:
        model.trunk.compile()
        _compiled[architecture] = model.trunk
        while len(_compiled) > KEPT:
            _compiled.popitem(last=False)
    _compiled.move_to_end(architecture)


def _architecture(trunk: Trunk) -> str:
    """Equal for trunks of the same parts, whose parameters and buffers have the same shapes, types and place."""
    tensors = [
        f"{name} {tuple(value.shape)} {value.dtype} {value.device}"
        for name, value in (*trunk.named_parameters(), *trunk.named_buffers())
    ]
    return "\n".join([repr(trunk), *tensors])
