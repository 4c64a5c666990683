"""`prototype` against loops written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs
from tests.losses.harness import assert_agrees, label_sets, mean_of


def reference(out: Outputs, targets: Tensor, temperature: float) -> Tensor:
    terms = []
    for z, labels in zip(out.embeddings, label_sets(targets), strict=True):
        shares = torch.exp(out.prototypes @ z / temperature)
        if labels:
            logs = [torch.log(shares[c] / shares.sum()) for c in labels]
            terms.append(-torch.stack(logs).mean())
    return mean_of(terms, out)


@pytest.mark.parametrize(("batch", "labels", "seed"), [(6, 5, 0), (8, 2, 1), (2, 1, 2), (1, 3, 3)])
def test_agrees_with_the_formula(batch: int, labels: int, seed: int) -> None:
    assert_agrees(
        "prototype",
        lambda out, y: reference(out, y, 0.3),
        batch=batch,
        labels=labels,
        seed=seed,
        temperature=0.3,
    )
