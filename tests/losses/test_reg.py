"""`reg` against loops over anchors, candidates and labels, with and without its regularisation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from mlbench.losses.conformance.samples import draw
from tests.losses.harness import SHAPES, assert_agrees, gradients, label_sets, mean_of, ready


def reference(out: Outputs, targets: Tensor, temperature: float, alpha: float, regularize: bool) -> Tensor:
    labels = targets.shape[1]
    nodes = torch.cat([out.embeddings, out.prototypes])
    y = label_sets(targets) + [{c} for c in range(labels)]
    anchors = len(y)
    if out.memory is not None:
        nodes, y = torch.cat([nodes, out.memory.embeddings]), y + label_sets(out.memory.targets)

    def f(i: int, j: int) -> float:
        if alpha < 0:
            return float(y[j] <= y[i])
        return (len(y[i] & y[j]) / len(y[j])) ** alpha

    terms = []
    for i in range(anchors):
        others = [k for k in range(len(y)) if k != i]
        exponentials = {k: torch.exp(nodes[i] @ nodes[k] / temperature) for k in others}
        denominator = sum(exponentials.values())
        w = {}
        for j in others:
            shared = [f(i, j) / sum(f(i, k) for k in others if c in y[k]) for c in y[i] & y[j] if f(i, j)]
            w[j] = sum(shared) / max(len(y[i]), 1)
        if not sum(w.values()):
            continue
        term = 0 * nodes.sum()
        for j in others:
            sigma = exponentials[j] / denominator
            term = term - w[j] * torch.log(sigma)
            if regularize and w[j]:
                excess = torch.clamp(sigma - w[j], min=0).detach()
                term = term - excess * (nodes[i] @ nodes[j] / temperature)
        terms.append(term)
    return mean_of(terms, out)


@pytest.mark.parametrize("regularize", [True, False])
@pytest.mark.parametrize("alpha", [0.0, 1.5, -1.0])
@pytest.mark.parametrize(("batch", "labels", "seed", "memory"), SHAPES)
def test_agrees_with_the_formula(
    batch: int, labels: int, seed: int, memory: int, alpha: float, regularize: bool
) -> None:
    assert_agrees(
        "reg",
        lambda out, y: reference(out, y, 0.3, alpha, regularize),
        batch=batch,
        labels=labels,
        seed=seed,
        memory=memory,
        temperature=0.3,
        alpha=alpha,
        regularize=regularize,
    )


def test_regularised_no_positive_pair_is_pushed_apart() -> None:
    loss, sample = ready("reg", lambda made: draw(made, 8, 4))
    similarities, weights = loss.pairs(sample.outputs, sample.targets)  # type: ignore[operator]
    leaf = similarities.detach().requires_grad_()
    for regularize, some in ((True, False), (False, True)):
        value = build_loss("reg", regularize=regularize).contrast(leaf, weights)  # type: ignore[operator]
        (gradient,) = torch.autograd.grad(value, leaf)
        assert bool((gradient[weights > 0] > 1e-12).any()) == some


def test_the_value_depends_on_every_prototype() -> None:
    loss, sample = ready("reg", lambda made: draw(made, 6, 4))
    found = gradients(loss(sample.outputs, sample.targets), sample)
    assert found["prototypes"].norm(dim=1).min() > 0
