"""The probe is one batched problem that equals its settings trained alone, and a naive logistic regression."""

from __future__ import annotations

import itertools
import math
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from mlbench.errors import ConfigError
from mlbench.training.scoring import probe as module
from mlbench.training.scoring import probe_training
from mlbench.training.scoring.probe import GRID, fit_probe
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
    torch.testing.assert_close(together.weight, alone.weight, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(together.bias, alone.bias, rtol=1e-4, atol=1e-5)
    assert together.validation_score == pytest.approx(alone.validation_score, abs=1e-3)


def test_the_two_that_the_search_leaves_are_trained_in_full_and_the_better_on_validation_is_the_probe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trained: list[tuple[int, module.Grid]] = []
    train = module.train_side_by_side

    def noted(
        inputs: Tensor, labels: Tensor, chance: torch.Generator, *, steps: int, grid: module.Grid, **more: Any
    ) -> Any:
        trained.append((steps, grid))
        return train(inputs, labels, chance, steps=steps, grid=grid, **more)

    monkeypatch.setattr(module, "train_side_by_side", noted)
    chosen = _fit(GRID)
    (pilot, searched), (steps, finalists) = trained
    assert (pilot, steps) == (60 // module.PILOT, 60)
    assert searched == tuple((rate * module.PILOT, decay) for rate, decay in GRID)
    assert len(finalists) == 2
    assert (chosen.lr, chosen.weight_decay) in finalists
    scores = [_fit((setting,)).validation_score for setting in finalists]
    edges = [rate in (0.0001, 0.1) for rate, _ in finalists]
    worth = [score - module.MARGIN * edge for score, edge in zip(scores, edges, strict=True)]
    assert finalists[worth.index(max(worth))] == (chosen.lr, chosen.weight_decay)


def test_the_lowest_and_the_highest_rate_must_be_ahead_by_more_than_validation_can_tell() -> None:
    grid = ((0.001, 0.01), (0.01, 0.01), (0.1, 0.01))
    assert module._ranked(grid, [0.501, 0.5, 0.499])[0] == 1
    assert module._ranked(grid, [0.5, 0.5, 0.503])[0] == 2
    assert module._ranked(grid, [0.503, 0.5, 0.503]) == [0, 2, 1]
    # Of finalists, the edges are still those of the whole grid.
    assert module._ranked(grid[1:], [0.5, 0.501], of=grid) == [0, 1]
    assert module._ranked(grid[:2], [0.501, 0.5], of=grid) == [1, 0]


def test_the_rates_reach_from_1e_4_to_a_tenth_and_each_setting_can_be_searched() -> None:
    """A step that shrinks the weights by twice their size and more would not settle."""
    rates = sorted({rate for rate, _ in GRID})
    assert (rates[0], rates[-1]) == (1e-4, 0.1)
    ratios = [after / before for before, after in itertools.pairwise(rates)]
    assert ratios == pytest.approx([ratios[0]] * len(ratios))
    assert max(rate * decay * module.PILOT for rate, decay in GRID) < 2


def test_a_setting_that_diverges_is_not_chosen_and_spoils_no_other() -> None:
    chosen = _fit(((0.01, 1e30), (0.01, 0.01), (0.01, 1.0)))
    assert chosen.weight_decay < 1e30
    assert torch.isfinite(chosen.weight).all()


class _Waits(TorchDispatchMode):
    """Counts what makes the host wait for the device, or sends it something."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func)
        self.count += any(
            part in name for part in ("_local_scalar_dense", "nonzero", "_to_copy", "masked_select")
        )
        return func(*args, **(kwargs or {}))


def test_a_step_of_the_training_does_not_wait_for_the_device() -> None:
    features, targets, _, _ = _problem()
    counts = []
    for steps in (3, 30):
        with torch.no_grad(), _Waits() as seen:
            module.train_side_by_side(
                features,
                targets.float(),
                torch.Generator(),
                steps=steps,
                grid=GRID,
                slope_at=module.logistic_slope,
            )
        counts.append(seen.count)
    assert counts[0] == counts[1]


def test_settings_side_by_side_are_trained_as_each_alone() -> None:
    features, targets, _, _ = _problem()
    train = (features, targets.float())

    def trained(grid: tuple[tuple[float, float], ...]) -> tuple[Tensor, Tensor]:
        return module.train_side_by_side(
            *train, torch.Generator().manual_seed(3), steps=40, grid=grid, slope_at=module.logistic_slope
        )

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
    order = torch.randint(len(inputs), (steps, min(probe_training.BATCH, len(inputs))), generator=generator)
    for step in range(steps):
        warm = min(1.0, (step + 1) / max(1, round(probe_training.WARMUP * steps)))
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
