"""The averaged weights."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from mlbench.suite import Protocol
from mlbench.training.selection import WeightSelection


class Copies(TorchDispatchMode):
    """Notes every copy from the host to another device."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.from_host: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        given = [value for value in args if isinstance(value, torch.Tensor)]
        if isinstance(result, torch.Tensor) and result.device.type != "cpu":
            self.from_host += [str(func) for value in given if value.device.type == "cpu"]
        return result


def selection(model: nn.Module, decay: float) -> WeightSelection:
    protocol = SimpleNamespace(select="last", select_metric="map", ema=decay)
    return WeightSelection(cast(Any, model), cast(Protocol, protocol), lambda _: {"map": 0.0})


def test_the_average_warms_up() -> None:
    """Against the recursion written out; with a long horizon a short training is not left out of it."""
    model = nn.Linear(3, 2)
    chosen, expected = selection(model, 0.999), None
    for update in range(200):
        with torch.no_grad():
            model.weight.fill_(float(update))
        chosen.after_step(cast(Any, model))
        kept = min(0.999, (1 + update) / (10 + update))
        expected = float(update) if expected is None else kept * expected + (1 - kept) * update
    assert chosen.average is not None
    weight = cast(nn.Linear, chosen.average.module).weight
    torch.testing.assert_close(weight, torch.full_like(weight, expected))
    assert 170 < weight.detach().mean().item() < 199


def test_an_average_goes_on_from_its_state() -> None:
    model = nn.Linear(3, 2)
    whole, first = selection(model, 0.99), selection(model, 0.99)
    for update in range(30):
        with torch.no_grad():
            model.weight.fill_(float(update))
        whole.after_step(cast(Any, model))
        if update == 10:
            state = first.state_dict()
            first = selection(nn.Linear(3, 2), 0.99)
            first.load_state_dict(state)
        first.after_step(cast(Any, model))
    assert whole.average is not None
    assert first.average is not None
    for one, other in zip(whole.average.parameters(), first.average.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_moving_the_average_copies_nothing_to_the_device() -> None:
    """A copy from the host's memory waits for all that the device has still to do. The meta device shows it."""
    model = nn.Linear(3, 2, device="meta")
    chosen = selection(model, 0.9)
    with Copies() as seen:
        for _ in range(3):
            chosen.after_step(cast(Any, model))
    assert seen.from_host == []
