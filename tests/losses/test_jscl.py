"""`jscl` against loops written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mlbench import Outputs
from tests.losses.harness import assert_agrees, jaccard, label_sets


def reference(out: Outputs, targets: Tensor, alpha: float, temperature: float) -> Tensor:
    z, y = out.embeddings, label_sets(targets)
    total = 0 * z.sum()
    for i in range(len(y)):
        others = [k for k in range(len(y)) if k != i]
        if not any(jaccard(y[i], y[k]) for k in others):
            continue
        denominator = sum(jaccard(y[i], y[k]) * torch.exp(z[i] @ z[k] / temperature) for k in others)
        logs = [torch.log(torch.exp(z[i] @ z[k] / temperature) / denominator) for k in others]
        total = total - torch.stack(logs).sum() / (len(y) - 1)
    bce = binary_cross_entropy_with_logits(out.logits, targets)
    return (1 - alpha) * bce + alpha * total / len(y)


@pytest.mark.parametrize(("batch", "labels", "seed"), [(6, 5, 0), (8, 2, 1), (2, 1, 2), (1, 3, 3)])
@pytest.mark.parametrize(("alpha", "temperature"), [(0.2, 0.5), (1.0, 0.1)])
def test_agrees_with_the_formula(
    batch: int, labels: int, seed: int, alpha: float, temperature: float
) -> None:
    assert_agrees(
        "jscl",
        lambda out, y: reference(out, y, alpha, temperature),
        batch=batch,
        labels=labels,
        seed=seed,
        alpha=alpha,
        temperature=temperature,
    )
