"""The values of `[train]` in words: what all cells share, what is set by dataset, and what of it acts where."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from mlbench.errors import MlbenchError
from mlbench.registry import ENCODERS, LOSSES
from mlbench.report.data.grid import Grid, Task
from mlbench.report.wording import listed

_SHOWN = (
    "epochs",
    "min_steps",
    "batch_size",
    "optimiser",
    "encoder_lr",
    "head_lr",
    "head_bias",
    "weight_decay",
    "schedule",
    "precision",
    "select",
    "probe",
    "augmentation",
)
_OF_TRAINED = ("encoder_lr", "augmentation")
"""What has no effect where the encoder stays as it is."""


def conditions(grid: Grid, tuned: Collection[str]) -> Iterator[str]:
    """A sentence each; of the keys that are `tuned` nothing."""
    yield f"Encoders: {_encoders(grid)}."
    shared, varied = [], []
    for key in _SHOWN:
        by_value = {} if key in tuned else _by_value(grid, key)
        if len(by_value) == 1:
            shared.append(_named(key, next(iter(by_value)), grid))
        elif by_value:
            parts = [f"{value} on {listed(names)}" for value, names in by_value.items()]
            varied.append(f"{key.replace('_', ' ')} {', '.join(parts)}")
    if shared:
        yield f"Shared by all cells: {', '.join(shared)}."
    if varied:
        yield f"Set by dataset, the same for all losses there: {'; '.join(varied)}."
    if any(value != "0" for value in _by_value(grid, "min_steps")):
        yield "Where the epochs make fewer updates than min steps, more epochs are trained, the same for all losses."
    yield from _own_optimisers(grid)
    if "queue" not in tuned:
        yield from _memory(grid)


def values(grid: Grid, key: str) -> set[str]:
    """What a key of `[train]` is in the cells, as text."""
    column = f"cell/train/{key}"
    return set(map(_show, grid.cells[column].dropna())) if column in grid.cells.columns else set()


def _by_value(grid: Grid, key: str) -> dict[str, list[str]]:
    """The tasks of each value of a key, those of most tasks first; tasks on which it has no effect left out."""
    column, found = f"cell/train/{key}", dict[str, list[str]]()
    if column not in grid.cells.columns:
        return {}
    for task in grid.tasks:
        there = grid.cells.loc[grid.cells["task"] == task.name, column].dropna()
        if len(there) and (task.trained or key not in _OF_TRAINED):
            found.setdefault(_show(there.iloc[0]), []).append(task.name)
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])))


def _named(key: str, value: str, grid: Grid) -> str:
    some = key in _OF_TRAINED and not all(task.trained for task in grid.tasks)
    return f"{key.replace('_', ' ')} {value}{' (where the encoder is trained)' if some else ''}"


def _encoders(grid: Grid) -> str:
    """Each once, with what is trained of it where that is nothing."""
    names = {_encoder(task): None for task in grid.tasks}
    return listed(list(names), most=len(names))


def _encoder(task: Task) -> str:
    return (
        task.encoder if task.trained else f"{task.encoder} (as it is; an adapter on its vectors is trained)"
    )


def _own_optimisers(grid: Grid) -> Iterator[str]:
    """The encoders that bring an optimiser for parameters of their own, which the protocol's then does not move."""
    rates = "cell/encoder_options/learning_rate"
    for encoder in dict.fromkeys(task.encoder for task in grid.tasks):
        words = _optimiser_of(encoder)
        if words:
            cells = grid.cells[grid.cells["encoder"] == encoder]
            rate = set(map(_show, cells[rates].dropna())) if rates in cells.columns else set()
            rates_text = f", learning rate {' or '.join(sorted(rate))}" if rate else ""
            yield f"The encoder {encoder} brings an optimiser of its own, the same for all losses: {words}{rates_text}."


def _optimiser_of(encoder: str) -> str:
    try:
        return str(ENCODERS.describe(encoder.partition(":")[0]).attributes.get("optimiser", ""))
    except MlbenchError:
        return ""


def _memory(grid: Grid) -> Iterator[str]:
    """The losses that compared a batch with earlier ones."""
    cells, key = grid.cells, "cell/train/queue"
    if key not in cells.columns:
        return
    there = cells[cells[key].gt(0) & cells["cell/loss/name"].map(_takes_memory)]
    if len(there):
        names, sizes = sorted(set(there["loss"])), sorted(set(there[key]))
        yield (
            f"{listed(names, most=len(names))} compared each batch with the embeddings of the last "
            f"{' or '.join(map(_show, sizes))} rows as well, or of all training rows outside the batch where these are "
            "fewer."
        )


def _takes_memory(loss: str) -> bool:
    try:
        return "memory" in LOSSES.describe(loss).attributes.get("accepts", ())
    except MlbenchError:
        return False


def _show(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | float | np.integer | np.floating):
        return f"{float(value):g}"
    return str(value)
