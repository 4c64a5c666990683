"""All that a loss goes on from: beside what its `state_dict` holds, what it keeps in buffers that are no part of that
and in attributes. Somebody's own loss may count its calls in a plain number."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_OF_TORCH = frozenset(vars(nn.Module()))
_OF_THE_LAST_CALL = frozenset({"components", "checks"})
_PLAIN = (bool, int, float, str, type(None))


def kept_beside(loss: nn.Module) -> dict[str, dict[str, Any]]:
    """What `loss` and its parts keep beside their `state_dict`, by the part's name and the attribute's: numbers, text,
    tensors, generators, and lists, tuples and dicts of them. Any other value cannot be written, and is left out."""
    return {name: found for name, part in loss.named_modules() if (found := _of(part))}


def put_back(loss: nn.Module, kept: dict[str, dict[str, Any]]) -> None:
    """Have a loss keep what `kept_beside` found."""
    parts = dict(loss.named_modules())
    for name, attributes in kept.items():
        for attribute, value in attributes.items():
            # Also a buffer, which thereby stays one.
            setattr(parts[name], attribute, _unwrapped(value))


def _of(part: nn.Module) -> dict[str, Any]:
    aside = part._non_persistent_buffers_set
    values = {name: value for name, value in part._buffers.items() if name in aside and value is not None}
    values |= {name: value for name, value in vars(part).items() if name not in _OF_TORCH | _OF_THE_LAST_CALL}
    wrapped = {name: _wrapped(value) for name, value in values.items()}
    return {name: value for name, value in wrapped.items() if value is not None}


def _wrapped(value: Any) -> dict[str, Any] | None:
    """A value with what it is, as `save_tree` can write it; None for one that cannot be written."""
    kind = type(value)
    if kind in _PLAIN:
        return {"plain": value}
    if isinstance(value, Tensor):
        return None if value.requires_grad else {"tensor": value.clone(), "on": str(value.device)}
    if isinstance(value, torch.Generator):
        return {"generator": value.get_state(), "on": str(value.device)}
    if kind in (list, tuple):
        inner = [_wrapped(item) for item in value]
        return None if None in inner else {kind.__name__: inner}
    if kind is dict and all(type(key) in (str, int) for key in value):
        pairs = {key: _wrapped(item) for key, item in value.items()}
        return None if None in pairs.values() else {"dict": pairs}
    return None


def _unwrapped(kept: dict[str, Any]) -> Any:
    match kept:
        case {"tensor": tensor, "on": device}:
            return tensor.to(device)
        case {"generator": state, "on": device}:
            generator = torch.Generator(device)
            generator.set_state(state)
            return generator
        case {"list": items}:
            return [_unwrapped(item) for item in items]
        case {"tuple": items}:
            return tuple(_unwrapped(item) for item in items)
        case {"dict": items}:
            return {key: _unwrapped(item) for key, item in items.items()}
    return kept["plain"]
