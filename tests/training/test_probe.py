"""The probe is one batched problem that equals its settings trained alone, and a naive logistic regression."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mlbench.errors import ConfigError
from mlbench.training import probe as module
from mlbench.training.probe import GRID, fit_probe
from tests.training.cells import run


def _problem(rows: int = 300, width: int = 12, labels: int = 5) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    truth = torch.randn(width, labels, generator=generator)
    features = torch.randn(rows + 100, width, generator=generator) * 3 + 1
    noise = torch.randn(rows + 100, labels, generator=generator)
    targets = (features @ truth / 5 + noise > 1).to(torch.uint8)
    return features[:rows], targets[:rows], features[rows:], targets[rows:]


def _fit(grid: tuple[tuple[float, float], ...], steps: int = 60) -> module.LinearProbe:
    return fit_probe(*_problem(), torch.Generator().manual_seed(3), steps=steps, grid=grid)


def test_the_choice_of_a_grid_is_trained_as_if_it_were_alone() -> None:
    together = _fit(GRID)
    alone = _fit(((together.lr, together.weight_decay),))
    assert torch.equal(together.weight, alone.weight)
    assert torch.equal(together.bias, alone.bias)
    assert together.validation_score == alone.validation_score


def test_settings_side_by_side_are_trained_as_each_alone() -> None:
    features, targets, _, _ = _problem()
    train = (features, targets.float())

    def trained(grid: tuple[tuple[float, float], ...]) -> tuple[Tensor, Tensor]:
        return module._train(*train, torch.Generator().manual_seed(3), 40, grid, module.logistic_slope)

    weights, biases = trained(GRID)
    for index, setting in enumerate(GRID):
        weight, bias = trained((setting,))
        torch.testing.assert_close(weights[:, index], weight[:, 0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(biases[index], bias[0], rtol=1e-4, atol=1e-5)


@given(st.integers(1, 400), st.integers(1, 40), st.randoms(use_true_random=False))
def test_the_pilot_looks_at_labels_from_the_most_frequent_to_the_rarest(
    count: int, wanted: int, random: Random
) -> None:
    counts = random.sample(range(1000), count)
    labels = torch.zeros(1000, count)
    for index, number in enumerate(counts):
        labels[:number, index] = 1
    some = module._spread_labels(labels, wanted).tolist()
    assert len(some) == len(set(some)) == min(wanted, count)
    chosen = [counts[index] for index in some]
    assert chosen == sorted(chosen, reverse=True)
    assert chosen[0] == max(counts)
    if wanted > 1:
        assert chosen[-1] == min(counts)


def test_a_setting_that_cannot_learn_is_not_chosen() -> None:
    chosen = _fit(((1e-7, 0.0), (0.03, 0.01)), 200)
    assert chosen.lr == 0.03


def test_another_loss_gives_its_own_gradients() -> None:
    from mlbench.losses.asl import AsymmetricLoss
    from mlbench.losses.bce import BinaryCrossEntropy

    logits = torch.randn(6, 3, 4, generator=torch.Generator().manual_seed(1))
    targets = (torch.rand(6, 4, generator=torch.Generator().manual_seed(2)) < 0.4).float()
    same = module.slope_of(BinaryCrossEntropy(reduction="batchmean"))(logits, targets)
    torch.testing.assert_close(same, module.logistic_slope(logits.clone(), targets))
    asl = AsymmetricLoss(reduction="sum")
    slope = module.slope_of(AsymmetricLoss(reduction="batchmean"))(logits, targets)
    for setting in range(3):
        leaf = logits[:, setting].clone().requires_grad_()
        (expected,) = torch.autograd.grad(asl(leaf, targets), leaf)
        torch.testing.assert_close(slope[:, setting], expected)


def test_a_cell_whose_probe_is_trained_by_another_loss() -> None:
    plain, other = run("supcon"), run("supcon", probe_loss="asl")
    assert plain.parts["history"]["epochs"] == other.parts["history"]["epochs"]
    assert plain.parts["probe_metrics"] != other.parts["probe_metrics"]
    assert other.parts["probe_metrics"]["test"]["map"] > other.parts["floor_metrics"]["test"]["map"]


def test_a_probe_loss_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"train.probe_loss: unknown loss 'assl'; did you mean 'asl'"):
        run("bce", probe_loss="assl")


@pytest.mark.parametrize("name", ["supcon", "two_way", "kmcl"])
def test_a_probe_loss_that_compares_rows_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"train.probe_loss: '{name}' cannot train.*logits alone"):
        run("bce", probe_loss=name)


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
