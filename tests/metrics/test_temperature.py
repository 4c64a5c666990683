"""The temperature: the one of least log loss, whatever the scale of the logits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from mlbench.metrics import Scored
from mlbench.metrics.temperature import BOUNDS, fit_temperature


def drawn(scale: float, unscored: bool = False, seed: int = 0) -> Scored:
    """Logits that are `scale` times those that the targets are drawn from."""
    random = np.random.default_rng(seed)
    true = random.normal(-1, 2, (400, 6))
    targets = (random.random(true.shape) < 1 / (1 + np.exp(-true))).astype(np.uint8)
    if unscored:
        targets[random.random(true.shape) < 0.2] = 255
    return Scored(torch.from_numpy((scale * true).astype(np.float32)), torch.from_numpy(targets))


def log_loss(scored: Scored, temperature: float) -> float:
    z, y = scored.logits.double().numpy() / temperature, scored.targets.numpy()
    return float((np.logaddexp(0, z) - y * z)[y != 255].mean())


@pytest.mark.parametrize("scale", [0.05, 1.0, 8.0, 60.0])
@pytest.mark.parametrize("unscored", [False, True])
def test_no_other_temperature_has_less_log_loss(scale: float, unscored: bool) -> None:
    scored = drawn(scale, unscored)
    found = fit_temperature(scored)
    best = minimize_scalar(
        lambda log: log_loss(scored, np.exp(log)),
        bounds=np.log(BOUNDS),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert found == pytest.approx(np.exp(best.x), rel=1e-4)
    assert log_loss(scored, found) <= best.fun + 1e-12


def test_it_follows_the_scale_of_the_logits() -> None:
    assert fit_temperature(drawn(8.0)) == pytest.approx(8 * fit_temperature(drawn(1.0)), rel=1e-5)


@pytest.mark.parametrize(("sign", "bound"), [(1, BOUNDS[0]), (-1, BOUNDS[1])])
def test_perfect_and_hopeless_logits_have_the_bounds(sign: int, bound: float) -> None:
    targets = torch.tensor([[0, 1], [1, 0]], dtype=torch.uint8)
    assert fit_temperature(Scored(sign * 50 * (targets.float() * 2 - 1), targets)) == bound


def test_logits_of_nothing_are_no_error() -> None:
    targets = torch.tensor([[0, 1], [1, 0]], dtype=torch.uint8)
    assert fit_temperature(Scored(torch.zeros(2, 2), targets)) == BOUNDS[1]
