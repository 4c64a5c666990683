"""Where cells are trained for more epochs than a suite asks for, since `min_steps` wants more updates."""

from __future__ import annotations

import math
from collections.abc import Iterable

from mlbench import datasets
from mlbench.datasets.splits.fractions import sample_size
from mlbench.suite import Cell

SHOWN = 6
"""Datasets and fractions that a sentence names."""


def raised_epochs(cells: Iterable[Cell]) -> list[str]:
    """A sentence for each number of epochs that some of the cells do not keep to."""
    found: dict[tuple[int, int], list[str]] = {}
    # Of trials, whose hyperparameters differ, the one with the suite's own values where it is there.
    by_number = sorted(cells, key=lambda cell: 0 if cell.trial is None else -cell.trial.number)
    # Trials may be trained for another number of epochs than their finals.
    asked = {
        (cell.suite, cell.dataset, cell.fraction, cell.train.epochs, cell.train.min_steps): cell
        for cell in by_number
    }
    for cell in asked.values():
        where = _raised(cell)
        if where:
            found.setdefault((cell.train.epochs, cell.train.min_steps), []).append(where)
    return [
        f"epochs: {epochs} are asked for; min_steps = {steps} makes {', '.join(places[:SHOWN])}"
        + (f" and so on, {len(places)} in all" if len(places) > SHOWN else "")
        for (epochs, steps), places in found.items()
    ]


def _raised(cell: Cell) -> str:
    """How many epochs a cell's dataset and fraction get, where it is more than asked for; of data whose size only its
    files tell, below how many rows it is. "" where it is not."""
    protocol, at = cell.train, f"{cell.dataset} at {cell.fraction:g}"
    rows = training_rows(cell)
    if rows is not None:
        epochs = protocol.epochs_over(rows)
        return f"{epochs} of {at}" if epochs > protocol.epochs else ""
    enough = (math.ceil(protocol.min_steps / protocol.epochs) - 1) * protocol.batch_size
    return f"more of {at} if these are at most {enough:,} rows" if enough > 0 else ""


def training_rows(cell: Cell) -> int | None:
    """The training rows of a cell as far as its dataset's card tells."""
    if cell.fraction > 1:
        return int(cell.fraction)
    size = datasets.card(cell.loader, cell.dataset_parameters).sizes.get("train")
    return None if size is None else sample_size(size, cell.fraction, cell.dataset)
