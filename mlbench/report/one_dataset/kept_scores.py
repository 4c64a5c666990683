"""The stored scores of one dataset's cells, by loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlbench.records import UNREADABLE, Store, stores
from mlbench.report.data.arrays import Floats
from mlbench.report.data.grid import Grid

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SplitScores:
    """A split: `logits` [N, L]; `positive` and `counted` [N, L], an entry that is not scored being neither."""

    logits: Floats
    positive: Marks
    counted: Marks


@dataclass(frozen=True)
class CellScores:
    """One cell's scores on validation and test."""

    seed: int
    labels: tuple[str, ...]
    validation: SplitScores
    test: SplitScores


def kept_scores(grid: Grid, paths: Sequence[Path], loss: str, task: int, fraction: int) -> list[CellScores]:
    """Of every seed that finished and kept its scores, in their order."""
    losses, tasks, fractions, _ = grid.rows()
    cells = grid.cells
    chosen = (losses == grid.losses.index(loss)) & (tasks == task) & (fractions == fraction)
    rows = cells[chosen & (cells["status"] == "done").to_numpy()].sort_values("seed")
    places = [store for path in paths if path.is_dir() for store in stores(path)]
    found = [
        _read(places, str(identifier), int(seed))
        for identifier, seed in zip(rows["id"], rows["seed"], strict=True)
    ]
    return [kept for kept in found if kept is not None]


def _read(places: Sequence[Store], identifier: str, seed: int) -> CellScores | None:
    for store in places:
        try:
            arrays = store.scores(identifier)
            labels = tuple(str(label) for label in arrays["labels"])
            validation, test = (
                _scored(arrays[f"{split}_logits"], arrays[f"{split}_targets"])
                for split in ("validation", "test")
            )
        except UNREADABLE:
            continue
        return CellScores(seed, labels, validation, test)
    return None


def _scored(logits: npt.NDArray[np.floating], targets: npt.NDArray[np.uint8]) -> SplitScores:
    return SplitScores(np.asarray(logits, float), targets == 1, targets != 255)
