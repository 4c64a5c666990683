"""The probe is one batched problem that equals its settings trained alone, and a naive logistic regression."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from mlbench.training import probe as module
from mlbench.training.probe import GRID, fit_probe


def _problem(rows: int = 300, width: int = 12, labels: int = 5) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    truth = torch.randn(width, labels, generator=generator)
    features = torch.randn(rows + 100, width, generator=generator) * 3 + 1
    noise = torch.randn(rows + 100, labels, generator=generator)
    targets = (features @ truth / 5 + noise > 1).to(torch.uint8)
    return features[:rows], targets[:rows], features[rows:], targets[rows:]


def _fit(grid: tuple[tuple[float, float], ...], steps: int = 60) -> module.LinearProbe:
    return fit_probe(*_problem(), torch.Generator().manual_seed(3), steps=steps, grid=grid)


def test_a_grid_equals_its_settings_one_by_one() -> None:
    alone = [_fit((setting,)) for setting in GRID]
    best = max(alone, key=lambda fitted: fitted.validation_score)
    together = _fit(GRID)
    assert (together.lr, together.weight_decay) == (best.lr, best.weight_decay)
    torch.testing.assert_close(together.weight, best.weight, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(together.bias, best.bias, rtol=1e-4, atol=1e-5)


def test_it_is_adamw_on_binary_cross_entropy() -> None:
    """Against torch's AdamW and autograd, step by step."""
    features, targets, held_out, _ = _problem()
    lr, decay, steps = 0.01, 0.3, 40
    fitted = _fit(((lr, decay),), steps)
    inputs = ((features - fitted.mean) / fitted.scale).double()
    frequency = targets.double().mean(0)
    linear = torch.nn.Linear(inputs.shape[1], targets.shape[1]).double()
    with torch.no_grad():
        linear.weight.zero_()
        linear.bias.copy_(torch.logit(frequency))
    optimiser = torch.optim.AdamW(
        [{"params": [linear.weight], "weight_decay": decay}, {"params": [linear.bias], "weight_decay": 0.0}],
        lr=lr,
        eps=1e-15,
    )
    generator = torch.Generator().manual_seed(3)
    order = torch.randint(len(inputs), (steps, min(module.BATCH, len(inputs))), generator=generator)
    for step in range(steps):
        warm = min(1.0, (step + 1) / max(1, round(module.WARMUP * steps)))
        for group in optimiser.param_groups:
            group["lr"] = lr * warm * 0.5 * (1 + math.cos(math.pi * step / steps))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            linear(inputs[order[step]]), targets[order[step]].double(), reduction="none"
        )
        optimiser.zero_grad()
        loss.sum(1).mean().backward()
        optimiser.step()
    expected = linear(((held_out - fitted.mean) / fitted.scale).double())
    np.testing.assert_allclose(fitted(held_out).numpy(), expected.detach().numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_units_of_features_play_no_part(scale: float) -> None:
    features, targets, held_out, held_targets = _problem()
    one = _fit(GRID)
    other = fit_probe(
        features * scale, targets, held_out * scale, held_targets, torch.Generator().manual_seed(3), steps=60
    )
    torch.testing.assert_close(one(held_out), other(held_out * scale), rtol=1e-2, atol=1e-2)


def test_it_learns_and_survives_labels_without_positives_and_constant_features() -> None:
    features, targets, held_out, held_targets = _problem()
    assert _fit(GRID, 200).validation_score > 0.7
    targets[:, 2] = 0
    features[:, 0], held_out[:, 0] = 1.0, 1.0
    fitted = fit_probe(features, targets, held_out, held_targets, torch.Generator(), steps=30)
    assert torch.isfinite(fitted(held_out)).all()
    same = fit_probe(
        torch.ones(20, 3), targets[:20], held_out[:, :3], held_targets, torch.Generator(), steps=5
    )
    assert torch.isfinite(same(held_out[:, :3])).all()
