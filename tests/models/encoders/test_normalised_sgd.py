"""NormalisedSGD against its formula in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mlbench.models.encoders.normalised_sgd import NormalisedSGD


def _reference(start: np.ndarray, gradients: list[np.ndarray], lr: float, decay: float) -> np.ndarray:
    weights, mean, weight = start.copy(), 0.0, 0.0
    for gradient in gradients:
        mean = decay * mean + (1 - decay) * (gradient**2).sum()
        weight = decay * weight + (1 - decay)
        if mean > 0:
            weights = weights - lr * gradient / np.sqrt(mean / weight)
    return weights


@pytest.mark.parametrize("sparse", [False, True])
def test_it_follows_its_formula(sparse: bool) -> None:
    generator = np.random.default_rng(0)
    start = generator.normal(size=(6, 3))
    gradients = [generator.normal(size=(6, 3)) * (generator.random((6, 1)) < 0.5) for _ in range(20)]
    gradients[0][:] = 0
    table = torch.nn.Parameter(torch.tensor(start))
    optimiser = NormalisedSGD([table], lr=0.3, decay=0.9)
    for gradient in gradients:
        dense = torch.tensor(gradient)
        table.grad = dense.to_sparse(1) if sparse else dense
        optimiser.step()
    np.testing.assert_allclose(table.detach().numpy(), _reference(start, gradients, 0.3, 0.9), rtol=1e-10)


def test_repeated_rows_of_a_sparse_gradient_add_up() -> None:
    dense, sparse = (torch.nn.Parameter(torch.zeros(3, 2)) for _ in range(2))
    dense.grad = torch.tensor([[2.0, 2.0], [0.0, 0.0], [1.0, 1.0]])
    sparse.grad = torch.sparse_coo_tensor([[0, 2, 0]], torch.ones(3, 2), (3, 2), check_invariants=True)
    for table in (dense, sparse):
        NormalisedSGD([table], lr=1.0).step()
    torch.testing.assert_close(dense.detach(), sparse.detach())


@pytest.mark.parametrize("sparse", [False, True])
def test_what_the_scaler_says_is_heeded(sparse: bool) -> None:
    """Gradients come times its scale; an update that overflowed, the first one too, leaves table and state alone."""
    tables = []
    for scaler in (False, True):
        table = torch.nn.Parameter(torch.ones(4, 2))
        optimiser = NormalisedSGD([table], lr=0.1)
        for step, overflows in enumerate((True, False, False, True, False)):
            if overflows and not scaler:
                continue
            gradient = torch.arange(8.0).view(4, 2) * (step + 1)
            if scaler:
                gradient = gradient * 1024 if not overflows else gradient * torch.inf
                optimiser.grad_scale = torch.tensor(1024.0)
                optimiser.found_inf = torch.tensor(float(overflows))
            table.grad = gradient.to_sparse(1) if sparse else gradient
            optimiser.step()
        tables.append(table.detach())
    torch.testing.assert_close(tables[0], tables[1])


def test_a_scaled_loss_makes_the_same_steps() -> None:
    tables = []
    for scale in (1.0, 128.0, 1 / 128):
        table = torch.nn.Parameter(torch.ones(4, 2))
        optimiser = NormalisedSGD([table], lr=0.1)
        for step in range(5):
            table.grad = scale * torch.arange(8.0).view(4, 2) * (step + 1)
            optimiser.step()
        tables.append(table.detach())
    assert torch.equal(tables[0], tables[1])
    assert torch.equal(tables[0], tables[2])
