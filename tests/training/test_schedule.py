"""Schedules are equal for every loss, and long enough for small fractions."""

from __future__ import annotations

from hypothesis import given
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
