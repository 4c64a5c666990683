"""What a try takes on this machine, measured on a few steps, and what is left out where it takes too long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mlbench.registry import LOSSES
from mlbench.runner import RunOptions
from mlbench.runner.pilot import extrapolated, kind_of, try_kinds
from mlbench.runner.planning.plan import PlannedCell, plan
from mlbench.runner.scheduling.engines import open_engine
from mlbench.suite import Cell, Protocol, Selection
from mlbench.tryout.setup import Setup

SMALLER = (
    (3, 1.0, 6), (2, 1.0, 6), (2, 0.5, 6), (1, 0.5, 6), (1, 0.25, 6), (1, 0.25, 4), (1, 0.1, 4), (1, 0.1, 2),
)  # fmt: skip
"""Seeds, share of the updates, and losses, each step smaller than the one before: the first that fits is taken, the
last where none does. Seeds go before updates, since a loss that is half trained says little; losses go last."""
MARGIN = 1.2
"""A run takes so many times what its cells were measured to: a machine is not as quiet all the time."""
START = 6.0
"""Seconds until the first cell of a run trains."""


@dataclass(frozen=True)
class Pace:
    """Records of a few steps, by what a loss reads; and how many cells run at once."""

    records: Mapping[frozenset[str], Mapping[str, Any]]
    slots: int

    def seconds(self, setup: Setup) -> float | None:
        """What a run of the suite takes; None where no measurement finished."""
        if not self.records:
            return None
        cells = setup.suite().cells()
        spent = sum(extrapolated(cell, self._record(cell)).seconds for cell in cells)
        return START + MARGIN * spent / self.slots

    def _record(self, cell: Cell) -> Mapping[str, Any]:
        return self.records.get(needs(cell.loss.name)) or next(iter(self.records.values()))


def needs(loss: str) -> frozenset[str]:
    """What a loss reads: losses that read the same take about the same time."""
    return frozenset(LOSSES.describe(loss).attributes.get("needs", ()))


def measure(setup: Setup, options: RunOptions, limit: float) -> Pace:
    """Train a few steps of one loss for each of what losses read. Samples that are encoded once are so before that, in
    one process that has all cores, so that no cell's time holds it."""
    first = Selection(seeds=setup.seeds[:1])
    cells = plan([setup.suite()], replace(options, selection=first)).cells
    by_needs: dict[frozenset[str], PlannedCell] = {}
    for cell in cells:
        by_needs.setdefault(needs(cell.cell.loss.name), cell)
    chosen = list(by_needs.values())
    if setup.encoder.frozen and not try_kinds(chosen[:1], replace(options, jobs=1), limit=limit):
        return Pace({}, 1)
    records = try_kinds(chosen, options, limit=limit)
    with open_engine(options, len(cells)) as engine:
        slots = engine.slots
    return Pace(
        {read: records[kind] for read, cell in by_needs.items() if (kind := kind_of(cell)) in records}, slots
    )


def fit(setup: Setup, pace: Pace, rows: int, seconds: float) -> tuple[Setup, float | None]:
    """The setup for `rows` training rows, cut until it takes no more than `seconds`, with what it then takes; `cut`
    says what was left out. Where not even a few steps were made in their time, the smallest, and nobody knows how long.
    """
    smaller, takes = setup, None
    for smaller in _smaller(setup, rows):
        takes = pace.seconds(smaller)
        if takes is not None and takes <= seconds:
            break
    return smaller, takes


def _smaller(setup: Setup, rows: int) -> Iterator[Setup]:
    whole = setup.suite().cells()[0].train
    for seeds, share, losses in SMALLER:
        said, train = [], dict(setup.train)
        if seeds < len(setup.seeds):
            said.append(f"seeds: {seeds} of {len(setup.seeds)}")
        if share < 1:
            train |= _shorter(whole, rows, share)
            said.append(f"epochs: {train['epochs']} of {whole.epochs_over(rows)}")
        if losses < len(setup.losses):
            said.append(f"losses: {', '.join(setup.losses[losses:])} left out")
        yield replace(
            setup, seeds=setup.seeds[:seeds], losses=setup.losses[:losses], train=train, cut=tuple(said)
        )


def _shorter(whole: Protocol, rows: int, share: float) -> dict[str, int]:
    """The keys of `[train]` under which a share of the updates is made."""
    return {
        "epochs": max(1, round(share * whole.epochs_over(rows))),
        "min_steps": round(share * whole.min_steps),
    }
