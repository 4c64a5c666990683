"""Measuring a few steps of cells that nothing is known of: `mlbench plan --measure`.

Each loss is trained for one epoch of the smallest fraction that the plan has for its data, through the same
slots as a run, into a folder that is thrown away. What a whole cell takes follows from the number of its
updates.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mlbench.records import Keep, RecordError, Store
from mlbench.runner.monitoring.reporters import Reporter, Silent
from mlbench.runner.options import RunOptions
from mlbench.runner.planning.estimate import Estimate, Estimates, estimate
from mlbench.runner.planning.plan import Plan, PlannedCell
from mlbench.runner.run import spread
from mlbench.runner.scheduling.engines import open_engine
from mlbench.runner.worker.cells import cell_id
from mlbench.suite import Cell, Protocol, untuned
from mlbench.training.schedule import Schedule

LIMIT = 120.0
"""Seconds after which a measurement is given up."""
STEPS = 20
"""Updates of a measurement, more where an epoch is longer."""


def measure(planned: Plan, options: RunOptions, shown: Reporter | None = None) -> Estimates:
    """As `estimate`, with a measurement in place of what no record tells."""
    told = estimate(planned, options)
    unknown = [cell for cell, found in told.cells if found is None]
    if not unknown:
        return told
    measured = try_kinds(unknown, options, shown)

    def guess(cell: PlannedCell) -> Estimate | None:
        record = measured.get(kind_of(cell))
        return None if record is None else extrapolated(cell.cell, record)

    return Estimates(tuple((cell, found or guess(cell)) for cell, found in told.cells))


def try_kinds(
    cells: Iterable[PlannedCell],
    options: RunOptions,
    shown: Reporter | None = None,
    limit: float = LIMIT,
    steps: int = STEPS,
) -> dict[str, dict[str, Any]]:
    """Train a few steps of one cell of each kind (`kind_of`), for `limit` seconds at most; gives the records of those
    that finished, by kind. Raises SystemExit where a signal asked for the end."""
    with tempfile.TemporaryDirectory(prefix="mlbench-measure-") as folder:
        store = Store(Path(folder) / "measure")
        store.prepare()
        samples = {
            kind_of(cell): _sample(cell, store, steps) for cell in sorted(cells, key=_size, reverse=True)
        }
        trial = Plan(tuple({sample.id: sample for sample in samples.values()}.values()))
        limits = dataclasses.replace(options, time_limit=limit, checkpoint_every=None, results=Path(folder))
        with open_engine(limits, len(trial.cells)) as engine:
            summary = spread(trial, limits, engine, shown or Silent())
        summary.end_if_signalled()
        records = {
            record["id"]: record
            for record in store.records()
            if not isinstance(record, RecordError) and record["status"] == "done"
        }
    return {kind: records[sample.id] for kind, sample in samples.items() if sample.id in records}


def kind_of(planned: PlannedCell) -> str:
    """Cells that one measurement serves: those that differ in fraction, seed and trial alone."""
    cell = {**untuned(planned.cell.describe()), "fraction": None, "seed": None}
    return json.dumps([planned.data, cell], sort_keys=True)


def _size(planned: PlannedCell) -> tuple[bool, float]:
    """Numbers of rows are taken to be fewer than any share."""
    return planned.cell.fraction <= 1, planned.cell.fraction


def _sample(planned: PlannedCell, store: Store, steps: int) -> PlannedCell:
    changes = {"epochs": 1, "min_steps": steps, "evaluations": 1}
    train = Protocol(**{**planned.cell.train.model_dump(), **changes})
    cell = dataclasses.replace(planned.cell, train=train)
    identifier = cell_id(cell, planned.data)
    return dataclasses.replace(
        planned, cell=cell, store=store, id=identifier, keep=Keep("none"), todo=True, waits=None
    )


def extrapolated(cell: Cell, record: Mapping[str, Any]) -> Estimate:
    """The measured time, that of training multiplied by how many times as many updates the cell makes."""
    timing, sizes, memory = record["timing"], record["dataset"]["sizes"], record["memory"]
    rows = round(cell.fraction * sizes["train"]) if cell.fraction <= 1 else int(cell.fraction)
    measured = Protocol(**{**Protocol.before(), **record["cell"]["train"]})
    times = Schedule.of(cell.train, max(1, rows)).steps / Schedule.of(measured, sizes["rows"]).steps
    seconds = timing["total"] + timing["train"] * (times - 1)
    seconds /= record["environment"].get("slots_per_device") or 1
    return Estimate(seconds, memory.get("host_peak"), memory.get("device_peak"), True)
