"""What the tests of single losses share: compare a loss with loops written from its formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from mlbench import build_loss
from mlbench.losses.base import Loss, Outputs
from mlbench.losses.conformance.samples import LossSample, draw

Reference = Callable[..., Tensor]


def ready(name: str, sample_of: Callable[[Loss], LossSample], **parameters: Any) -> tuple[Loss, LossSample]:
    """The loss, prepared with the counts of a sample drawn for it."""
    loss = build_loss(name, **parameters)
    sample = sample_of(loss)
    loss.prepare(sample.stats)
    return loss, sample


def gradients(value: Tensor, sample: LossSample) -> dict[str, Tensor]:
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


Weigh = Callable[[list[set[int]], int, list[int]], dict[int, float]]


def contrast(out: Outputs, targets: Tensor, temperature: float, weigh: Weigh) -> list[Tensor]:
    """For each anchor with a weight above 0: −Σ_j w_ij log(e^{s_ij/τ} / Σ_{k≠i} e^{s_ik/τ}), by loops.

    `weigh(label_sets, i, others)` gives the weights of anchor i by candidate.
    """
    z, y = out.embeddings, label_sets(targets)
    if out.memory is not None:
        z, y = torch.cat([z, out.memory.embeddings]), y + label_sets(out.memory.targets)
    terms = []
    for i in range(len(targets)):
        others = [k for k in range(len(z)) if k != i]
        weights = {j: weight for j, weight in weigh(y, i, others).items() if weight > 0}
        if weights:
            denominator = sum(torch.exp(z[i] @ z[k] / temperature) for k in others)
            logs = {j: torch.log(torch.exp(z[i] @ z[j] / temperature) / denominator) for j in weights}
            terms.append(-torch.stack([weights[j] * logs[j] for j in weights]).sum())
    return terms


def jaccard(one: set[int], other: set[int]) -> float:
    """|one ∩ other| / |one ∪ other|, 0 where both are empty."""
    return len(one & other) / len(one | other) if one | other else 0.0


SHAPES = [(6, 5, 0, 0), (6, 5, 1, 4), (8, 2, 2, 0), (2, 1, 3, 0), (1, 3, 4, 0)]
"""(batch, labels, seed, memory) that the contrastive losses are compared at."""
