"""`jaccard_supcon` against loops written from its formula."""

from __future__ import annotations

import pytest
from torch import Tensor

from mlbench import Outputs
from tests.losses.harness import SHAPES, assert_agrees, contrast, jaccard, mean_of


def reference(out: Outputs, targets: Tensor, temperature: float) -> Tensor:
    def weigh(y: list[set[int]], i: int, others: list[int]) -> dict[int, float]:
        total = sum(jaccard(y[i], y[k]) for k in others)
        return {j: jaccard(y[i], y[j]) / total for j in others} if total else {}

    return mean_of(contrast(out, targets, temperature, weigh), out)


@pytest.mark.parametrize(("batch", "labels", "seed", "memory"), SHAPES)
def test_agrees_with_the_formula(batch: int, labels: int, seed: int, memory: int) -> None:
    assert_agrees(
        "jaccard_supcon",
        lambda out, y: reference(out, y, 0.3),
        batch=batch,
        labels=labels,
        seed=seed,
        memory=memory,
        temperature=0.3,
    )
