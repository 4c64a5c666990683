"""Properties that keep a loss fast on a GPU, tried without one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from mlbench.losses.conformance.subject import LossUnderTest, same, value_of
from mlbench.losses.parts.outputs import map_field
from mlbench.properties import PropertyFailure

WAITS = re.compile(r"\bmeta\b|\bdevice", re.IGNORECASE)
"""In what torch says of a value that is not there, or of tensors on two devices."""


def looks_at_no_values(subject: LossUnderTest) -> None:
    """Run on tensors that have no values, forward and backward, it still gives a scalar and copies nothing to the
    device: nothing in it waits for the device."""
    loss, sample = subject.ready(6, 5, dtype=torch.float32, memory=3)
    fields = {name: map_field(value, without_values) for name, value in vars(sample.outputs).items()}
    loss.to("meta").train()
    outputs, targets = replace(sample.outputs, **fields), without_values(sample.targets)
    try:
        with NoCopies():  # type: ignore[no-untyped-call]
            value = loss(outputs, targets)
            value.backward()
    except (RuntimeError, TypeError) as error:
        if not WAITS.search(str(error)):
            raise
        reason = str(error).splitlines()[0]
        raise PropertyFailure(
            f"it reads a tensor's value, or makes a tensor on the wrong device: {reason} "
            "(use tensors throughout, no .item(); declare `gathers` if it must)"
        ) from error


class NoCopies(TorchDispatchMode):
    """Refuses every copy from one device to another: a tensor made of Python numbers for a GPU is one, and the
    host waits for it. A single number that takes part in a sum on the device is none."""

    def __torch_dispatch__(
        self, func: Any, _types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket in (torch.ops.aten._to_copy, torch.ops.aten.copy_):
            devices = {tensor.device.type for tensor in (*args, result) if isinstance(tensor, Tensor)}
            if len(devices) > 1:
                raise RuntimeError(f"it copies a tensor between {' and '.join(sorted(devices))}")
        return result


def without_values(tensor: Tensor) -> Tensor:
    """A tensor of that shape and type on the device "meta", which stores nothing."""
    return tensor.detach().to("meta").requires_grad_(tensor.requires_grad)


def compiles_whole(subject: LossUnderTest) -> None:
    """`torch.compile(fullgraph=True, backend="eager")` compiles it and gives the same value."""
    loss, sample = subject.ready(6, 5)
    torch.compiler.reset()
    try:
        value = torch.compile(loss, fullgraph=True, backend="eager")(sample.outputs, sample.targets)
    except Exception as error:
        raise PropertyFailure(
            f"it does not compile as one graph: {str(error).strip().splitlines()[0]}"
        ) from error
    finally:
        torch.compiler.reset()
    expected = value_of(
        loss, sample
    )  # in evaluation mode where it has state, so that it is the same once more
    if not same(value, expected, 1e-9):
        raise PropertyFailure(f"compiled it gives {value.item():g}, else {expected.item():g}")
