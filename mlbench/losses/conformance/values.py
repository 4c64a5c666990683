"""Properties of the value: finite, at every precision, the same each time, and nothing else touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from mlbench.losses.base import Loss
from mlbench.losses.conformance.samples import LossSample, awkward_targets, draw
from mlbench.losses.conformance.subject import LossUnderTest, in_training, same, value_of
from mlbench.losses.parts.outputs import map_field
from mlbench.properties import PropertyFailure

SHAPES = ((6, 5), (1, 5), (6, 1), (1, 1))


def hard_targets(batch: int, labels: int) -> Iterator[tuple[str, Tensor]]:
    """Targets that undo a careless formula."""
    drawn = awkward_targets(batch, labels, torch.Generator().manual_seed(1))
    yield "rows and columns of all 0 and all 1", drawn
    yield "all targets 0", torch.zeros(batch, labels)
    yield "all targets 1", torch.ones(batch, labels)
    one = torch.zeros(batch, labels)
    one[0, 0] = 1
    yield "a single positive", one


def hard_samples(loss: Loss, dtype: torch.dtype = torch.float32) -> Iterator[tuple[str, LossSample]]:
    """Samples with those targets, at ordinary and at extreme outputs."""
    for batch, labels in SHAPES:
        for name, targets in hard_targets(batch, labels):
            for memory in (0, 3) if "memory" in loss.accepts else (0,):
                sample = draw(loss, batch, labels, dtype=dtype, targets=targets, memory=memory)
                where = f"B={batch}, L={labels}, {name}" + (", with memory" if memory else "")
                yield where, sample
                yield f"{where}, outputs at their extremes", extreme(sample)


def extreme(sample: LossSample) -> LossSample:
    """Logits of ±80, embeddings all alike, features far out."""
    fields = {}
    for name, value in vars(sample.outputs).items():
        if value is None or name in ("memory", "kernels", "rows"):
            fields[name] = value
        elif name == "logits":
            fields[name] = (80 * value.detach().sign()).requires_grad_()
        elif name == "features":
            fields[name] = (30 * value.detach()).requires_grad_()
        else:
            first = value.detach().flatten(0, -2)[:1].flatten()
            fields[name] = first.expand_as(value).clone().requires_grad_()
    return replace(sample, outputs=replace(sample.outputs, **fields))


def returns_a_connected_scalar(subject: LossUnderTest) -> None:
    """On a batch without any awkward row it returns a finite scalar that a gradient of the outputs follows from."""
    rows, columns = torch.arange(6)[:, None], torch.arange(5)[None, :]
    loss, sample = subject.ready(6, 5, targets=((rows + columns) % 2).double())
    value = value_of(loss, sample)
    if not value.isfinite():
        raise PropertyFailure(f"the value of an ordinary batch is {value.item()}")
    leaves = list(sample.leaves.values())
    if not value.requires_grad or not any(
        gradient is not None for gradient in torch.autograd.grad(value, leaves, allow_unused=True)
    ):
        raise PropertyFailure(
            "the value is not connected to the outputs: something detaches it, or makes it anew"
        )


def finite_on_hard_inputs(subject: LossUnderTest) -> None:
    """A finite scalar with finite gradients on rows and columns of 0 or 1, logits of ±80, B = 1, L = 1."""
    for where, sample in hard_samples(subject.build()):
        value = value_of(in_training(subject.build(), sample), sample)
        if not value.isfinite():
            raise PropertyFailure(f"{where}: the value is {value.item()}")
        if not value.requires_grad:
            raise PropertyFailure(f"{where}: the value is not connected to the outputs")
        leaves = sample.leaves
        gradients = torch.autograd.grad(value, list(leaves.values()), allow_unused=True)
        for name, gradient in zip(leaves, gradients, strict=True):
            if gradient is not None and not gradient.isfinite().all():
                raise PropertyFailure(f"{where}: the gradient of {name} is not finite")


def takes_half_precision(subject: LossUnderTest) -> None:
    """bfloat16 and float16 inputs, and autocast, give what float32 gives on the same numbers."""
    for dtype in (torch.bfloat16, torch.float16):
        loss, sample = subject.ready(6, 5, dtype=dtype)
        fields = vars(sample.outputs).items()
        floats = {name: map_field(value, Tensor.float) for name, value in fields if name != "rows"}
        raised = replace(sample.outputs, **floats)
        value, expected = value_of(loss, sample), loss(raised, sample.targets)
        if value.dtype != torch.float32:
            raise PropertyFailure(
                f"{dtype} inputs give a {value.dtype}: half precision is to be raised to float32"
            )
        if not same(value, expected, 1e-6):
            raise PropertyFailure(
                f"{dtype} inputs give {value.item():g}, the same in float32 {expected.item():g}"
            )
        for name, leaf in sample.leaves.items():
            (gradient,) = torch.autograd.grad(value, leaf, retain_graph=True, allow_unused=True)
            if gradient is not None and not gradient.isfinite().all():
                raise PropertyFailure(f"{dtype} inputs: the gradient of {name} is not finite")
    loss, sample = subject.ready(6, 5, dtype=torch.float32)
    plain = value_of(loss, sample)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = value_of(loss, sample)
    if not same(cast, plain, 1e-6):
        raise PropertyFailure(f"under autocast the value is {cast.item():g}, without it {plain.item():g}")


def same_on_repeated_calls(subject: LossUnderTest) -> None:
    """Called twice, or built twice, it gives the same value and leaves its inputs and torch's state alone."""
    loss, sample = subject.ready(6, 5)
    before = [tensor.detach().clone() for tensor in [*sample.leaves.values(), sample.targets]]
    state, mode, dtype = torch.get_rng_state(), torch.is_grad_enabled(), torch.get_default_dtype()
    first, second = value_of(loss, sample), value_of(loss, sample)
    if not (torch.equal(torch.get_rng_state(), state) and torch.is_grad_enabled() == mode):
        raise PropertyFailure("it changes torch's random state or grad mode")
    if torch.get_default_dtype() != dtype:
        raise PropertyFailure("it changes torch's default dtype")
    after = [tensor.detach() for tensor in [*sample.leaves.values(), sample.targets]]
    if not all(torch.equal(one, other) for one, other in zip(before, after, strict=True)):
        raise PropertyFailure("it writes to its inputs")
    again, same_sample = subject.ready(6, 5)
    third = value_of(again, same_sample)
    if not first.item() == second.item() == third.item():
        raise PropertyFailure(
            f"it gives {first.item()!r}, then {second.item()!r}, built anew {third.item()!r}"
        )


def refuses_targets_out_of_range(subject: LossUnderTest) -> None:
    """Soft targets are taken, linearly, where `soft_targets` says so; else refused, as 2 and NaN are."""
    loss, sample = subject.ready(4, 3)
    for bad in (2.0, -1.0, float("nan")):
        _refused(loss, sample, bad)
    if not loss.soft_targets:
        _refused(loss, sample, 0.3)
        return
    at = {}
    for soft in (0.0, 1.0, 0.25):
        targets = sample.targets.clone()
        targets[1, 1] = soft
        at[soft] = loss(sample.outputs, targets)
    if not same(at[0.25], 0.75 * at[0.0] + 0.25 * at[1.0], 1e-9):
        raise PropertyFailure("it declares soft_targets, but its value is not linear in a target")


def _refused(loss: Loss, sample: LossSample, bad: float) -> None:
    targets = sample.targets.clone()
    targets[1, 1] = bad
    try:
        loss(sample.outputs, targets)
    except ValueError:
        return
    raise PropertyFailure(f"a target of {bad} is not refused")
