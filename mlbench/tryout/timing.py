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

LEAST_SEEDS, LEAST_LOSSES = 2, 3
"""A budget leaves so many: one seed tells nothing of how far chance moves a score, two losses are no choice."""
SHARES = (0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08, 0.05, 0.03, 0.02, 0.01, 0.0)
"""Of the updates, each step about 0.7 of the one before."""
UPDATES, KEPT = 600, 1200
"""`min_steps` of a try; and the updates that a budget leaves of a longer training. In fewer a loss is compared by how
fast it learns; to train small data for more would fit them too closely. How both were measured: CONTRIBUTING.md, "How
the protocol's values were chosen"."""
MARGIN = 1.2
"""A run takes so many times what its cells were measured to: a machine is not as quiet all the time."""
MEASURED = 100
"""Updates of a measurement: the first take as long as dozens of others, and a short one would see little else."""
START = 6.0
"""Seconds until the first cell of a run trains."""


@dataclass(frozen=True)
class Pace:
    """Records of a few steps, by what a loss reads; how many cells run at once; and how many are trained once more."""

    records: Mapping[frozenset[str], Mapping[str, Any]]
    slots: int
    again: int = 0

    def seconds(self, setup: Setup) -> float | None:
        """What a run of the suite takes; None where no measurement finished."""
        if not self.records:
            return None
        each = [
            extrapolated(cell, record).seconds - _prepared(record)
            for cell in setup.suite().cells()
            for record in [self._record(cell)]
        ]
        # A process prepares the samples once: in the run of the first seed, in that of the others, and in the last.
        prepared = max(map(_prepared, self.records.values())) * (min(2, len(setup.seeds)) + self.again)
        return START + MARGIN * (sum(each) / self.slots + self.again * max(each) + prepared)

    def _record(self, cell: Cell) -> Mapping[str, Any]:
        return self.records.get(needs(cell.loss.name)) or next(iter(self.records.values()))


def _prepared(record: Mapping[str, Any]) -> float:
    """Seconds of a measurement that its process spent before it trained, for all its cells."""
    return float(record.get("timing", {}).get("prepare", 0.0))


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
    records = try_kinds(chosen, options, limit=limit, steps=MEASURED)
    with open_engine(options, len(cells)) as engine:
        slots = engine.slots
    return Pace(
        {read: records[kind] for read, cell in by_needs.items() if (kind := kind_of(cell)) in records}, slots
    )


def fit(setup: Setup, pace: Pace, rows: int, seconds: float) -> tuple[Setup, float | None]:
    """The setup for `rows` training rows, cut until it takes no more than `seconds`, with what it then takes, which may
    be more; `cut` says what was left out. Where not even a few steps were made in their time, the smallest, and nobody
    knows how long that takes.

    Seeds go first, then losses, the last of the list before others, and updates at the end, no further than to KEPT:
    losses that are half trained are compared by how fast they learn.
    """
    smaller, takes = setup, None
    for smaller in _smaller(setup, rows):
        takes = pace.seconds(smaller)
        if takes is not None and takes <= seconds:
            break
    return smaller, takes


def _smaller(setup: Setup, rows: int) -> Iterator[Setup]:
    """The setup, and what is left of it step by step."""
    whole = setup.suite().cells()[0].train
    seeds, losses = len(setup.seeds), len(setup.losses)
    yield setup
    for fewer in range(seeds - 1, LEAST_SEEDS - 1, -1):
        yield _cut(setup, fewer, losses)
    seeds = min(seeds, LEAST_SEEDS)
    for fewer in range(losses - 1, LEAST_LOSSES - 1, -1):
        yield _cut(setup, seeds, fewer)
    losses = min(losses, LEAST_LOSSES)
    for epochs in _fewer_epochs(whole, rows):
        yield _cut(setup, seeds, losses, epochs, whole.epochs_over(rows))


def _cut(setup: Setup, seeds: int, losses: int, epochs: int | None = None, of: int = 0) -> Setup:
    said, train = [], dict(setup.train)
    if seeds < len(setup.seeds):
        said.append(f"seeds: {seeds} of {len(setup.seeds)}")
    if losses < len(setup.losses):
        gone = ", ".join(setup.losses[losses:])
        said.append(f"losses: without {gone} (the last of the list go first, updates only after losses)")
    if epochs is not None:
        said.append(f"epochs: {epochs} of {of}")
        train |= {"epochs": epochs}
    return replace(
        setup, seeds=setup.seeds[:seeds], losses=setup.losses[:losses], train=train, cut=tuple(said)
    )


def _fewer_epochs(whole: Protocol, rows: int) -> Iterator[int]:
    """Shorter and shorter, down to as many epochs as make the updates that are KEPT."""
    all_of_them = before = whole.epochs_over(rows)
    least = whole.model_copy(update={"epochs": 1, "min_steps": KEPT}).epochs_over(rows)
    for share in SHARES:
        epochs = max(least, round(share * all_of_them))
        if epochs < before:
            yield epochs
        before = min(before, epochs)
