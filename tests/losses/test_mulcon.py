"""`mulcon` against loops over the items (sample, label) that are present."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mlbench import Outputs
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, temperature: float, weight: float) -> Tensor:
    items = [(i, k) for i, row in enumerate(targets) for k, y in enumerate(row) if y == 1]
    terms = []
    for t in items:
        others = [u for u in items if u != t]
        positives = [u for u in others if u[1] == t[1]]
        if positives:
            g = out.label_embeddings
            denominator = sum(torch.exp(g[t] @ g[v] / temperature) for v in others)
            logs = [torch.log(torch.exp(g[t] @ g[u] / temperature) / denominator) for u in positives]
            terms.append(-torch.stack(logs).mean())
    contrast = torch.stack(terms).mean() if terms else 0 * out.label_embeddings.sum()
    return binary_cross_entropy_with_logits(out.logits, targets) + weight * contrast


@pytest.mark.parametrize(("batch", "labels", "seed"), [(5, 4, 0), (6, 2, 1), (2, 1, 2), (1, 3, 3)])
def test_agrees_with_the_formula(batch: int, labels: int, seed: int) -> None:
    assert_agrees(
        "mulcon",
        lambda out, y: reference(out, y, 0.2, 0.7),
        batch=batch,
        labels=labels,
        seed=seed,
        temperature=0.2,
        weight=0.7,
    )


def test_a_batch_without_labels_leaves_the_classification() -> None:
    assert_agrees("mulcon", lambda out, y: reference(out, y, 0.2, 0.5), targets=torch.zeros(6, 5))
