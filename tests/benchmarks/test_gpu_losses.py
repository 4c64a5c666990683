"""The losses on a GPU: forward and backward beside torch's BCE and the direct forms, and whether the host waits.

    pytest tests/benchmarks -s -m gpu

Before anything is timed, value and gradients in float32 on the device must be those in float64 on the CPU.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

from mlbench import LabelStats, Loss, Memory, Outputs, build_loss
from mlbench.registry import LOSSES
from tests.benchmarks.device import DEVICE, peak_bytes, short_seconds, sized
from tests.benchmarks.figures import Figures
from tests.benchmarks.test_losses import CASES, NAMES, Direct, leaves, outputs_for, step
from tests.benchmarks.waits import no_waits, waits_of

pytestmark = [pytest.mark.gpu, pytest.mark.slow]

MIB = 2**20


def shape_of(loss: Loss) -> tuple[int, int]:
    """B × L: the elementwise table's for a loss of logits alone, else those of the direct forms."""
    if set(loss.needs) == {"logits"}:
        return sized((512, 1000), (24, 12))
    return sized((128, 80), (12, 6)) if "kernels" in loss.needs else sized((256, 1000), (24, 12))


def prepared(name: str, targets: Tensor, **given: Any) -> Loss:
    loss = build_loss(name, **given).to(targets.device)
    loss.prepare(LabelStats(targets.sum(dim=0), len(targets)))
    loss.on_epoch_start(1, 10)
    return loss


def taken(name: str, given: dict[str, Any], batch: int, labels: int, **where: Any) -> tuple[Any, ...]:
    """The loss, its outputs and targets, and a function that takes one step."""
    outputs, targets = outputs_for(build_loss(name, **given), batch, labels, **where)
    loss = prepared(name, targets, **given)
    inputs = leaves(outputs)
    return loss, outputs, targets, lambda: step(lambda: loss(outputs, targets), inputs)


def agree(found: list[Tensor], expected: list[Tensor]) -> None:
    for one, two in zip(found, expected, strict=True):
        one, two = one.detach().double().cpu(), two.detach().double().cpu()
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-3 * float(two.abs().max()))


def with_memory(outputs: Outputs, targets: Tensor) -> Outputs:
    rows = len(targets)
    stored = normalize(torch.randn(rows, 256, device=targets.device), dim=-1)
    return replace(outputs, memory=Memory(stored, targets.clone()))


@pytest.mark.parametrize("name", LOSSES.names())
def test_every_loss(name: str, figures: Figures) -> None:
    batch, labels = shape_of(build_loss(name))
    loss, outputs, targets, ours = taken(name, {}, batch, labels, device=DEVICE)
    exact, exact_outputs, exact_targets, expected = taken(name, {}, batch, labels, dtype=torch.float64)
    agree([loss(outputs, targets), *ours()], [exact(exact_outputs, exact_targets), *expected()])
    if not loss.gathers:
        with no_waits():
            ours()
            if "memory" in loss.accepts:
                remembering = with_memory(outputs, targets)
                step(lambda: loss(remembering, targets), leaves(outputs))
    waits = waits_of(ours)
    assert waits is None or waits <= loss.gathers
    logits = torch.randn(batch, labels, device=DEVICE, requires_grad=True)
    bce = partial(step, lambda: binary_cross_entropy_with_logits(logits, targets.to(logits.dtype)), [logits])
    seconds, opponent = short_seconds(ours), short_seconds(bce)
    peak = peak_bytes(ours)
    figures.add(
        "losses, beside torch's BCE",
        loss=name,
        shape=f"{batch} × {labels}",
        ms=1e3 * seconds,
        **{"times BCE": seconds / opponent, "waits": waits, "MiB": None if peak is None else peak / MIB},
    )


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_direct_form(case: tuple[str, dict[str, Any], int, int, Direct, float], figures: Figures) -> None:
    name, given, batch, labels, direct, wanted = case
    batch, labels = sized((batch, labels), (12, 6))
    loss, outputs, targets, ours = taken(name, given, batch, labels, device=DEVICE)
    inputs = leaves(outputs)

    def theirs() -> list[Tensor]:
        return step(lambda: direct(outputs, targets), inputs)

    agree([loss(outputs, targets), *ours()], [direct(outputs, targets), *theirs()])
    seconds, opponent = short_seconds(ours), short_seconds(theirs)
    peaks = {"MiB": peak_bytes(ours), "direct, MiB": peak_bytes(theirs)}
    figures.add(
        "losses, beside the direct form",
        loss=" ".join([name, *map(str, given.values())]),
        shape=f"{batch} × {labels}",
        ms=1e3 * seconds,
        **{"direct, ms": 1e3 * opponent, "times faster": opponent / seconds, "wanted on a CPU": wanted},
        **{what: None if peak is None else peak / MIB for what, peak in peaks.items()},
    )
