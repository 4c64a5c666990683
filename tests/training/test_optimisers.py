"""The optimisers move along the schedule as torch's own scheduler would move them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from mlbench.losses.base import LabelStats
from mlbench.models.model import Model
from mlbench.registry import LOSSES
from mlbench.suite import Protocol
from mlbench.training.optimisers import Optimisers
from mlbench.training.schedule import Schedule
from mlbench.training.setup import fit_encoder
from mlbench.training.streams import Streams
from tests.training.cells import load, make_cell


@pytest.mark.parametrize("kind", ["adam", "sgd"])
def test_optimisers_of_papers_are_torch_s_with_decay_in_groups(
    kind: Literal["adam", "sgd"], tmp_path: Path
) -> None:
    """As the code of ASL and KMCL has it: none on biases and norms, the rest added to the gradient."""
    protocol = Protocol(optimiser=kind, weight_decay=0.1, encoder_lr=0.01, head_lr=0.01, schedule="constant")
    fitted = fit_encoder(make_cell("bce", "digit-scenes"), load("digit-scenes"), np.arange(100), tmp_path)
    loss = LOSSES.build("bce")
    model = Model.build(fitted, loss, LabelStats(torch.arange(10), 50), protocol, Streams(0).as_global)
    theirs = copy.deepcopy(model)
    decayed = [weight for weight in theirs.parameters() if weight.ndim > 1]
    rest = [weight for weight in theirs.parameters() if weight.ndim == 1]
    groups = [{"params": rest, "weight_decay": 0.0}, {"params": decayed, "weight_decay": 0.1}]
    theirs_own: torch.optim.Optimizer = (
        torch.optim.Adam(groups, lr=0.01)
        if kind == "adam"
        else torch.optim.SGD(groups, lr=0.01, momentum=0.9)
    )
    schedule = Schedule.of(protocol, 100)
    optimisers = Optimisers(model, loss, protocol, schedule)
    for step in range(3):
        torch.manual_seed(step)
        for one, other in zip(model.parameters(), theirs.parameters(), strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        factor = optimisers.set_rates(step)
        for group in theirs_own.param_groups:
            group["lr"] = 0.01 * factor
        for optimiser in (*optimisers.all, theirs_own):
            optimiser.step()
    for one, other in zip(model.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_one_cycle_moves_every_group_as_torch_does(tmp_path: Path) -> None:
    protocol = Protocol(
        schedule="onecycle", warmup=0.2, encoder_lr=1e-4, head_lr=2e-3, epochs=2, batch_size=10, min_steps=0
    )
    fitted = fit_encoder(make_cell("bce", "digit-scenes"), load("digit-scenes"), np.arange(100), tmp_path)
    loss = LOSSES.build("bce")
    model = Model.build(fitted, loss, LabelStats(torch.arange(10), 50), protocol, Streams(0).as_global)
    schedule = Schedule.of(protocol, 100)
    optimisers = Optimisers(model, loss, protocol, schedule)
    (ours,) = optimisers.all
    groups = [{"params": group["params"], "lr": group["lr"]} for group in ours.param_groups]
    assert {group["lr"] for group in groups} == {1e-4, 2e-3}
    adam = torch.optim.AdamW(groups)
    peaks = [group["lr"] for group in groups]
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, peaks, total_steps=schedule.steps, pct_start=0.2)
    for step in range(schedule.steps):
        optimisers.set_rates(step)
        for group, expected in zip(ours.param_groups, adam.param_groups, strict=True):
            assert group["lr"] == pytest.approx(expected["lr"], rel=1e-9)
            assert group["betas"] == pytest.approx(expected["betas"], rel=1e-9)
        adam.step()
        if step < schedule.steps - 1:
            cycle.step()
