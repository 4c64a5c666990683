"""Schedules are equal for every loss, and long enough for small fractions."""

from __future__ import annotations

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlbench.suite import Protocol
from mlbench.training.schedule import Schedule

PROTOCOLS = st.builds(
    Protocol,
    epochs=st.integers(1, 30),
    min_steps=st.integers(0, 400),
    batch_size=st.integers(1, 300),
    warmup=st.floats(0, 0.5),
    evaluations=st.integers(1, 9),
    schedule=st.sampled_from(["cosine", "constant"]),
)


@given(PROTOCOLS, st.integers(1, 5000))
def test_epochs_and_steps(protocol: Protocol, rows: int) -> None:
    schedule = Schedule.of(protocol, rows)
    assert schedule.batch_size == min(protocol.batch_size, rows)
    assert schedule.steps >= protocol.min_steps
    assert schedule.epochs >= protocol.epochs
    if schedule.epochs > protocol.epochs:
        assert (schedule.epochs - 1) * schedule.steps_per_epoch < protocol.min_steps, "no more than needed"
    assert schedule.evaluation_steps[-1] == schedule.steps
    assert len(schedule.evaluation_steps) <= protocol.evaluations
    assert all(1 <= step <= schedule.steps for step in schedule.evaluation_steps)


@given(PROTOCOLS, st.integers(1, 2000))
def test_rates_rise_then_fall(protocol: Protocol, rows: int) -> None:
    schedule = Schedule.of(protocol, rows)
    factors = [schedule.factor(step) for step in range(schedule.steps)]
    assert all(0 < factor <= 1 for factor in factors[:-1])
    rising, falling = factors[: schedule.warmup_steps], factors[schedule.warmup_steps :]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)
    if protocol.schedule == "constant":
        assert set(falling) <= {1.0}


def test_evaluations_are_evenly_spaced() -> None:
    schedule = Schedule.of(Protocol(epochs=10, batch_size=10, evaluations=5), 400)
    assert schedule.evaluation_steps == (80, 160, 240, 320, 400)
    last = Schedule.of(Protocol(epochs=10, batch_size=10, select="last"), 400)
    assert last.evaluation_steps == (400,)


@settings(deadline=None)
@given(st.integers(2, 60), st.integers(1, 8), st.floats(0, 0.9))
def test_one_cycle_is_that_of_torch(rows: int, epochs: int, warmup: float) -> None:
    """Rates and first decay of every update, against OneCycleLR on an Adam of its own."""
    protocol = Protocol(schedule="onecycle", warmup=warmup, epochs=epochs, batch_size=2, min_steps=0)
    schedule = Schedule.of(protocol, rows)
    assume(warmup * schedule.steps != 1)
    adam = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        adam, max_lr=0.003, total_steps=schedule.steps, pct_start=warmup
    )
    for step in range(schedule.steps):
        (group,) = adam.param_groups
        assert 0.003 * schedule.factor(step) == pytest.approx(group["lr"], rel=1e-9)
        assert schedule.beta1(step) == pytest.approx(group["betas"][0], rel=1e-9)
        adam.step()
        if step < schedule.steps - 1:
            cycle.step()


def test_one_cycle_without_a_rise() -> None:
    """Where torch divides by zero: the first update is the peak."""
    schedule = Schedule.of(Protocol(schedule="onecycle", warmup=0.25, epochs=2, batch_size=2, min_steps=0), 4)
    assert [schedule.factor(0), schedule.beta1(0)] == [1.0, 0.85]


def test_other_schedules_leave_the_first_decay_alone() -> None:
    for kind in ("cosine", "constant"):
        assert Schedule.of(Protocol(schedule=kind), 100).beta1(5) is None
