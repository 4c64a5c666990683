"""`supcon` against loops written from its formula, and against Khosla's own with one label each."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import SHAPES, assert_agrees, contrast, mean_of


def reference(out: Outputs, targets: Tensor, positives: str, temperature: float) -> Tensor:
    def weigh(y: list[set[int]], i: int, others: list[int]) -> dict[int, float]:
        alike = [j for j in others if (y[i] & y[j] if positives == "any" else y[i] and y[i] == y[j])]
        return {j: 1 / len(alike) for j in alike}

    return mean_of(contrast(out, targets, temperature, weigh), out)


@pytest.mark.parametrize("positives", ["any", "all"])
@pytest.mark.parametrize(("batch", "labels", "seed", "memory"), SHAPES)
def test_agrees_with_the_formula(
    positives: Literal["any", "all"], batch: int, labels: int, seed: int, memory: int
) -> None:
    assert_agrees(
        "supcon",
        lambda out, y: reference(out, y, positives, 0.2),
        batch=batch,
        labels=labels,
        seed=seed,
        memory=memory,
        positives=positives,
        temperature=0.2,
    )


def test_with_one_label_each_it_is_the_single_label_loss() -> None:
    classes = torch.tensor([0, 1, 2, 0, 1, 2, 0, 3])
    z = torch.nn.functional.normalize(torch.randn(8, 5, dtype=torch.float64), dim=-1)
    expected = []
    for i in range(8):
        scores = torch.stack([z[i] @ z[k] / 0.1 for k in range(8) if k != i])
        same = torch.tensor([bool(classes[k] == classes[i]) for k in range(8) if k != i])
        if same.any():
            expected.append(-scores.log_softmax(dim=0)[same].mean())
    targets = torch.nn.functional.one_hot(classes)
    for positives in ("any", "all"):
        value = build_loss("supcon", positives=positives)(Outputs(embeddings=z), targets)
        torch.testing.assert_close(value, torch.stack(expected).mean())


def test_a_sample_without_labels_is_nobodys_positive() -> None:
    z = torch.nn.functional.normalize(torch.randn(3, 4), dim=-1).requires_grad_()
    for positives in ("any", "all"):
        value = build_loss("supcon", positives=positives)(Outputs(embeddings=z), torch.zeros(3, 2))
        assert value.item() == 0
        (gradient,) = torch.autograd.grad(value, z)
        assert gradient.eq(0).all()


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature must be a finite number above 0"):
        build_loss("supcon", temperature=temperature)
