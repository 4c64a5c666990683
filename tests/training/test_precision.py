from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
import torch

from mlbench import LabelStats
from mlbench.datasets.places import cache_root
from mlbench.errors import ConfigError
from mlbench.losses.bce import BinaryCrossEntropy
from mlbench.models.model import Model
from mlbench.registry import ENCODERS
from mlbench.suite import Protocol
from mlbench.training.optimisers import GradientRescaling, Optimisers
from mlbench.training.precision import Scaler, autocast, check_precision
from mlbench.training.schedule import Schedule
from mlbench.training.streams import Streams
from tests.training.cells import load

CPU = torch.device("cpu")


def make_scaler() -> Scaler:
    """One that scales; on the CPU it does so for tests alone."""
    return Scaler("fp16", CPU)


def test_updates_that_the_scaler_leaves_out_are_counted() -> None:
    weight = torch.nn.Parameter(torch.ones(3))
    optimiser, scaler = torch.optim.AdamW([weight], lr=0.1), make_scaler()
    for factor in (1.0, float("inf"), 1.0, float("inf"), float("inf"), 1.0):
        before = weight.detach().clone()
        scaler.scale((weight * factor).sum()).backward()
        scaler.step(optimiser)
        scaler.update()
        optimiser.zero_grad()
        assert torch.equal(before, weight) == (factor == float("inf"))
    assert scaler.skipped_steps() == 3


def test_a_scaler_goes_on_from_its_state() -> None:
    first, second = make_scaler(), make_scaler()
    weight = torch.nn.Parameter(torch.ones(3))
    optimiser = torch.optim.AdamW([weight], lr=0.1)
    first.scale((weight * float("inf")).sum()).backward()
    first.step(optimiser)
    first.update()
    second.load_state_dict(first.state_dict())
    assert second.skipped_steps() == 1
    assert second.get_scale() == first.get_scale()


@pytest.mark.parametrize("times", [1e-6, 1.0, 1e6])
def test_rescaling_gradients_leaves_the_scaler_s_room(times: float) -> None:
    """What the backward pass starts from is the scaler's factor, whatever scale the loss comes in."""
    weight = torch.nn.Parameter(torch.full((4,), 0.5))
    scaler, rescaling = make_scaler(), GradientRescaling()
    scaler.scale(times * weight.sum()).backward()
    rescaling.find([weight], scaler.get_scale())
    assert weight.grad is not None
    norm = float(weight.grad.norm())
    assert 1 <= norm / scaler.get_scale() < 2
    weight.grad = None
    scaler.scale(times * weight.sum()).backward(torch.tensor(rescaling.factor))
    assert float(weight.grad.norm()) == pytest.approx(norm)  # type: ignore[attr-defined]


def test_without_fp16_nothing_is_scaled() -> None:
    scaler = Scaler("bf16", CPU)
    value = torch.ones((), requires_grad=True)
    assert scaler.scale(value) is value
    assert scaler.skipped_steps() is None
    scaler.load_state_dict(scaler.state_dict())


def test_autocast_lowers_matrix_products() -> None:
    left = torch.ones(2, 2)
    with autocast("bf16", CPU):
        assert (left @ left).dtype == torch.bfloat16
    with autocast("float32", CPU):
        assert (left @ left).dtype == torch.float32


def test_fp16_is_for_cuda() -> None:
    check_precision("bf16", CPU)
    with pytest.raises(ConfigError, match="fp16' needs a CUDA device, this is cpu; use 'bf16' or 'float32'"):
        check_precision("fp16", CPU)


def test_where_any_gradient_overflows_no_optimiser_steps() -> None:
    """A table with an optimiser of its own, whose gradient is finite where the head's is not: had it stepped, its
    running mean would hold the scale that gradients had before, and its steps be too small from then on."""
    protocol, dataset = Protocol(), load("synthetic-topics")
    rows = np.arange(50)
    fitted = ENCODERS.build("bag").fit(dataset, rows, cache_root())
    stats = LabelStats(torch.from_numpy(dataset.train.targets[rows]).sum(dim=0), 50)
    loss = BinaryCrossEntropy()
    model = Model.build(fitted, loss, stats, protocol, Streams(0).as_global)
    optimisers, scaler = Optimisers(model, loss, protocol, Schedule.of(protocol, 50)), make_scaler()
    table, adam = optimisers.all
    for overflows in (True, False, True, False):
        before = [parameter.detach().clone() for parameter in optimisers.parameters]
        weights = [float(state["weight"]) for state in table.state.values()]
        optimisers.set_rates(0)
        scaler.scale(model(fitted.train.batch(torch.arange(8))).logits.square().sum()).backward()
        if overflows:
            adam.param_groups[0]["params"][0].grad[0] = torch.inf
        scaler.step(optimisers.as_one)
        scaler.update()
        optimisers.zero_grad()
        moved = [not torch.equal(one, two) for one, two in zip(before, optimisers.parameters, strict=True)]
        (state,) = table.state.values()
        assert any(moved) != overflows
        assert moved[0] != overflows
        assert (float(state["weight"]) == (weights[0] if weights else 0)) == overflows
    assert scaler.skipped_steps() == 2


class _Plain(torch.optim.Optimizer):
    """Knows nothing of a scaler, as an encoder's own may."""

    def __init__(self, parameters: Iterable[torch.Tensor]) -> None:
        super().__init__(parameters, {"lr": 1.0})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for parameter in self.param_groups[0]["params"]:
            parameter.sub_(parameter.grad)


def test_an_optimiser_that_knows_no_scaler_gets_plain_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = Protocol()
    fitted = ENCODERS.build("features").fit(load("synthetic-features"), np.arange(50), cache_root())
    loss, stats = BinaryCrossEntropy(), LabelStats(torch.full((8,), 20), 50)
    model = Model.build(fitted, loss, stats, protocol, Streams(0).as_global)
    weight = torch.nn.Parameter(torch.ones(3))
    monkeypatch.setattr(model.backbone, "own_optimiser", lambda: _Plain([weight]))
    optimisers, scaler = Optimisers(model, loss, protocol, Schedule.of(protocol, 50)), make_scaler()
    for overflows in (True, False):
        outputs = model(fitted.train.batch(torch.arange(8)))
        scaler.scale(outputs.logits.square().sum() + 0.25 * weight.sum()).backward()
        if overflows:
            weight.grad[0] = torch.inf  # type: ignore[index]
        scaler.step(optimisers.as_one)
        scaler.update()
        optimisers.zero_grad()
        assert weight.tolist() == ([1.0] * 3 if overflows else [0.75] * 3)
