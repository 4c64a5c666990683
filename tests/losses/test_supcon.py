"""`supcon` against loops written from its formula, and against Khosla's own with one label each."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees, label_sets, mean_of


def reference(out: Outputs, targets: Tensor, positives: str, temperature: float) -> Tensor:
    z, y = out.embeddings, label_sets(targets)
    if out.memory is not None:
        z, y = torch.cat([z, out.memory.embeddings]), y + label_sets(out.memory.targets)
    terms = []
    for i in range(len(targets)):
        others = [k for k in range(len(z)) if k != i]
        denominator = sum(torch.exp(z[i] @ z[k] / temperature) for k in others)
        alike = [j for j in others if (y[i] & y[j] if positives == "any" else y[i] and y[i] == y[j])]
        if alike:
            logs = [torch.log(torch.exp(z[i] @ z[j] / temperature) / denominator) for j in alike]
            terms.append(-torch.stack(logs).sum() / len(alike))
    return mean_of(terms, out)


@pytest.mark.parametrize("memory", [0, 4])
@pytest.mark.parametrize("positives", ["any", "all"])
@pytest.mark.parametrize(("batch", "labels", "seed"), [(6, 5, 0), (8, 2, 1), (2, 1, 2), (1, 3, 3)])
def test_agrees_with_the_formula(
    memory: int, positives: Literal["any", "all"], batch: int, labels: int, seed: int
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


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature must be a finite number above 0"):
        build_loss("supcon", temperature=temperature)
