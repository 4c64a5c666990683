"""`msc` against loops written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees, label_sets, mean_of


def reference(out: Outputs, targets: Tensor, temperature: float, beta: float) -> Tensor:
    z, prototypes, y = out.embeddings, out.prototypes, label_sets(targets)
    if out.memory is not None:
        z, y = torch.cat([z, out.memory.embeddings]), y + label_sets(out.memory.targets)
    terms = []
    for i in range(len(targets)):
        if not y[i]:
            continue
        others = [k for k in range(len(z)) if k != i]
        to_sample = {k: z[i] @ z[k] / temperature for k in others}
        to_label = [z[i] @ prototype / temperature for prototype in prototypes]
        denominator = sum(torch.exp(score) for score in to_label)
        denominator = denominator + beta * sum(torch.exp(score) for score in to_sample.values())
        term = out.embeddings.new_zeros(())
        for c in y[i]:
            m = {j: 1 / len(y[i] | y[j]) if c in y[j] else 0.0 for j in range(len(z))}
            n = sum(m.values()) + (1 - 1 / len(y[i]))
            for j in others:
                term = term + m[j] / n * torch.log(torch.exp(to_sample[j]) / denominator)
            term = term + 1 / n * torch.log(torch.exp(to_label[c]) / denominator)
        terms.append(-term / len(y[i]))
    return mean_of(terms, out)


@pytest.mark.parametrize("memory", [0, 4])
@pytest.mark.parametrize(("batch", "labels", "seed"), [(6, 5, 0), (8, 2, 1), (2, 1, 2), (1, 3, 3)])
@pytest.mark.parametrize(("temperature", "beta"), [(0.1, 0.1), (0.5, 2.0)])
def test_agrees_with_the_formula(
    memory: int, batch: int, labels: int, seed: int, temperature: float, beta: float
) -> None:
    assert_agrees(
        "msc",
        lambda out, y: reference(out, y, temperature, beta),
        batch=batch,
        labels=labels,
        seed=seed,
        memory=memory,
        temperature=temperature,
        beta=beta,
    )


@pytest.mark.parametrize("parameter", ["temperature", "beta"])
def test_parameters_that_are_not_positive_are_refused(parameter: str) -> None:
    with pytest.raises(ValueError, match=parameter):
        build_loss("msc", **{parameter: 0.0})
