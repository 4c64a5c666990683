"""What the tests of single losses share: compare a loss with loops written from its formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from mlbench import build_loss
from mlbench.losses.base import Loss, Outputs
from mlbench.losses.conformance.samples import Sample, draw

Reference = Callable[..., Tensor]


def ready(name: str, sample_of: Callable[[Loss], Sample], **parameters: Any) -> tuple[Loss, Sample]:
    """The loss, prepared with the counts of a sample drawn for it."""
    loss = build_loss(name, **parameters)
    sample = sample_of(loss)
    loss.prepare(sample.stats)
    return loss, sample


def gradients(value: Tensor, sample: Sample) -> dict[str, Tensor]:
    """The gradient with respect to each leaf; zeros where the value does not depend on it."""
    leaves = sample.leaves
    found = torch.autograd.grad(value, list(leaves.values()), allow_unused=True)
    return {
        name: torch.zeros_like(leaf) if gradient is None else gradient
        for (name, leaf), gradient in zip(leaves.items(), found, strict=True)
    }


def assert_agrees(
    name: str,
    reference: Callable[[Outputs, Tensor], Tensor],
    *,
    batch: int = 6,
    labels: int = 5,
    seed: int = 0,
    memory: int = 0,
    tolerance: float = 1e-9,
    targets: Tensor | None = None,
    before: Callable[[Loss], None] | None = None,
    **parameters: Any,
) -> None:
    """Value and every gradient of `name` equal those of `reference(outputs, targets)`, in float64."""
    loss, sample = ready(
        name, lambda made: draw(made, batch, labels, seed=seed, memory=memory, targets=targets), **parameters
    )
    if before is not None:
        before(loss)
    value, expected = loss(sample.outputs, sample.targets), reference(sample.outputs, sample.targets)
    assert value.ndim == 0
    assert value.item() == pytest.approx(expected.item(), rel=tolerance, abs=tolerance)
    wanted = gradients(expected, sample)
    for leaf, gradient in gradients(value, sample).items():
        close = torch.allclose(gradient, wanted[leaf], rtol=tolerance, atol=tolerance)
        assert close, f"gradient of {leaf}: {gradient} against {wanted[leaf]}"


def mean_of(terms: list[Tensor], outputs: Outputs) -> Tensor:
    """The mean of the terms of the anchors; without any, a zero that depends on the outputs."""
    anything = next(value for value in vars(outputs).values() if isinstance(value, Tensor))
    return torch.stack(terms).mean() if terms else 0 * anything.sum()


def label_sets(targets: Tensor) -> list[set[int]]:
    """The labels of each row."""
    return [set(row.nonzero().flatten().tolist()) for row in targets]
