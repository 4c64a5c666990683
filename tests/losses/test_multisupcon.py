"""`multisupcon` against loops written from its formula."""

from __future__ import annotations

import pytest
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import SHAPES, assert_agrees, contrast, jaccard, mean_of


def reference(out: Outputs, targets: Tensor, temperature: float, threshold: float) -> Tensor:
    def weigh(y: list[set[int]], i: int, others: list[int]) -> dict[int, float]:
        positives = [j for j in others if jaccard(y[i], y[j]) >= threshold]
        return {j: jaccard(y[i], y[j]) / len(positives) for j in positives}

    return mean_of(contrast(out, targets, temperature, weigh), out)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 1.0])
@pytest.mark.parametrize(("batch", "labels", "seed", "memory"), SHAPES)
def test_agrees_with_the_formula(batch: int, labels: int, seed: int, memory: int, threshold: float) -> None:
    assert_agrees(
        "multisupcon",
        lambda out, y: reference(out, y, 0.3, threshold),
        batch=batch,
        labels=labels,
        seed=seed,
        memory=memory,
        temperature=0.3,
        threshold=threshold,
    )


def test_its_threshold_is_on_similarity_and_leaves_the_decision_threshold_alone() -> None:
    assert build_loss("multisupcon", threshold=0.7).threshold == 0.0


@pytest.mark.parametrize("threshold", [0.0, 1.5])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        build_loss("multisupcon", threshold=threshold)
