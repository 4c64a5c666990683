"""`smooth_ap` against sums written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees, mean_of


def reference(out: Outputs, targets: Tensor, temperature: float) -> Tensor:
    terms = []
    for x, y in zip(out.logits.T, targets.T, strict=True):
        samples = range(len(x))
        present = [i for i in samples if y[i] == 1]
        ratios = []
        for i in present:
            above = {j: 1 / (1 + torch.exp((x[i] - x[j]) / temperature)) for j in samples if j != i}
            of_present = 1 + sum(above[j] for j in present if j != i)
            ratios.append(of_present / (1 + sum(above.values())))
        if ratios:
            terms.append(1 - sum(ratios) / len(ratios))
    terms = [term if isinstance(term, Tensor) else 0 * out.logits.sum() + term for term in terms]
    return mean_of(terms, out)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
@pytest.mark.parametrize(("batch", "labels", "seed"), [(6, 5, 0), (8, 2, 1), (1, 3, 2)])
def test_agrees_with_the_formula(temperature: float, batch: int, labels: int, seed: int) -> None:
    assert_agrees(
        "smooth_ap",
        lambda out, y: reference(out, y, temperature),
        batch=batch,
        labels=labels,
        seed=seed,
        temperature=temperature,
    )


def test_a_sharp_sigmoid_gives_average_precision() -> None:
    x, y = torch.tensor([[3.0], [2.0], [1.0], [0.0]]), torch.tensor([[1.0], [0.0], [1.0], [0.0]])
    loss = build_loss("smooth_ap", temperature=1e-3)
    assert loss(x, y).item() == pytest.approx(1 - (1 + 2 / 3) / 2)
