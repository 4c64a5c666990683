"""`mulsupcon` against loops over every label of every anchor."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs
from tests.losses.harness import SHAPES, assert_agrees, label_sets


def reference(out: Outputs, targets: Tensor, temperature: float) -> Tensor:
    z, y = out.embeddings, label_sets(targets)
    if out.memory is not None:
        z, y = torch.cat([z, out.memory.embeddings]), y + label_sets(out.memory.targets)
    total, pairs = 0 * out.embeddings.sum(), 0
    for i in range(len(targets)):
        others = [k for k in range(len(z)) if k != i]
        for c in y[i]:
            pairs += 1
            positives = [j for j in others if c in y[j]]
            for j in positives:
                scores = torch.stack([z[i] @ z[k] / temperature for k in others])
                total = total - (z[i] @ z[j] / temperature - scores.logsumexp(0)) / len(positives)
    return total / max(pairs, 1)


@pytest.mark.parametrize(("batch", "labels", "seed", "memory"), SHAPES)
def test_agrees_with_the_formula(batch: int, labels: int, seed: int, memory: int) -> None:
    assert_agrees(
        "mulsupcon",
        lambda out, y: reference(out, y, 0.3),
        batch=batch,
        labels=labels,
        seed=seed,
        memory=memory,
        temperature=0.3,
    )
