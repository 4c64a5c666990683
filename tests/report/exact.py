"""Records with exactly the scores that a test gives: what is true of them is known to the last digit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlbench.records import Store
from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from tests.report.synthetic import World, records

VIEW = View("map", "own", 0)


def write_exact(
    folder: Path,
    scores: Mapping[str, npt.ArrayLike],
    *,
    floor: float | Sequence[float] = 0.0,
    families: Mapping[str, str] | None = None,
    replicates: float = 0.0,
) -> Path:
    """mAP of each loss, [datasets, seeds], on data sets `set-0`, `set-1`, …, at one fraction, under both readings.

    `floor` is that of all, or of each data set. With `replicates` every cell stores 100 bootstrap draws of that
    standard deviation about its score, each loss its own.
    """
    tables = {loss: np.asarray(table, dtype=float) for loss, table in scores.items()}
    datasets, seeds = next(iter(tables.values())).shape
    floors = np.broadcast_to(np.asarray(floor, dtype=float), datasets)
    world = World(
        losses=dict.fromkeys(tables, 0.0),
        datasets=tuple(f"set-{number}" for number in range(datasets)),
        families=families or {},
        fractions=(1.0,),
        seeds=range(seeds),
        keys=("map",),
    )
    store = Store(folder / "exact")
    store.prepare()
    for record, _ in records(world):
        cell = record["cell"]
        place, seed, loss = int(cell["dataset"].removeprefix("set-")), cell["seed"], cell["loss"]["id"]
        score = float(tables[loss][place, seed])
        random = np.random.default_rng([place, sorted(tables).index(loss)])
        drawn = (score + replicates * random.normal(size=100)).astype(np.float32)
        read = {split: {"map": score} for split in ("validation", "test")}
        ground = {split: {"map": float(floors[place])} for split in ("validation", "test")}
        store.write(
            {**record, "metrics": read, "probe_metrics": read, "floor_metrics": ground},
            {"bootstrap/map": drawn, "probe_bootstrap/map": drawn} if replicates else None,
        )
    return folder


def analysis_of(folder: Path) -> Analysis:
    """Of all records under a folder, without their replicates."""
    return Analysis(Grid(merge([folder]).cells))


def exact(folder: Path, scores: Mapping[str, npt.ArrayLike], **facts: object) -> Analysis:
    """The analysis of such records."""
    return analysis_of(write_exact(folder, scores, **facts))  # type: ignore[arg-type]


def offsets(number: int, *gains: float) -> dict[str, npt.NDArray[np.float64]]:
    """Losses a, b, … on so many data sets, two seeds each, at 0.5 plus their gain plus a little noise of their own."""
    random = np.random.default_rng(0)
    return {
        name: 0.5 + gain + 0.004 * random.normal(size=(number, 2))
        for name, gain in zip("abcdefghijklmnopqrstuvwxyz", gains, strict=False)
    }
