"""The records laid out as a grid: losses × tasks × fractions × seeds, an array for every number asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlbench.errors import MlbenchError
from mlbench.registry import ENCODERS
from mlbench.report.data.arrays import Floats, nanmean
from mlbench.report.data.naming import name_losses, name_tasks

MISSING, DONE, FAILED = 0, 1, 2
READINGS = {"own": "metrics", "probe": "probe_metrics"}
"""The two readings of a cell and the columns that hold them."""
READING_WORDS = {"own": "own logits", "probe": "linear probe"}


@dataclass(frozen=True)
class Task:
    """A dataset under one encoder and one protocol: what losses are compared on."""

    name: str
    dataset: str
    family: str
    encoder: str
    modality: str
    labels: int
    cardinality: float
    """Labels a sample; NaN where not known."""
    imbalance: float
    """The most frequent label's count over the least frequent one's; NaN where not known."""
    train_rows: int
    trained: bool = True
    """Whether the encoder is trained, and not only an adapter on its vectors."""
    pretrained: bool = False
    """Whether the encoder was trained before."""


class Grid:
    """All cells by loss, task, fraction and seed; the order of each axis is alphabetical or ascending.

    `cells` hold one record a place, as `merge` leaves them.
    """

    def __init__(self, cells: pd.DataFrame, published: frozenset[str] = frozenset()) -> None:
        cells = cells.reset_index(drop=True)
        loss_names, task_names = name_losses(cells), name_tasks(cells)
        self.losses: tuple[str, ...] = tuple(sorted(set(loss_names)))
        names: tuple[str, ...] = tuple(sorted(set(task_names)))
        self.fractions: tuple[float | int, ...] = tuple(sorted(set(cells["fraction"]), key=fraction_order))
        self.seeds: tuple[int, ...] = tuple(sorted(set(cells["seed"])))
        self.tasks = tuple(_task(name, cells[task_names == name]) for name in names)
        self.published = published
        self._place = (
            _codes(loss_names, self.losses),
            _codes(task_names, names),
            _codes(cells["fraction"], self.fractions),
            _codes(cells["seed"], self.seeds),
        )
        renamed = [loss_names.rename("loss"), task_names.rename("task")]
        self.cells = pd.concat([cells.drop(columns="loss"), *renamed], axis=1)
        self.values = lru_cache(32)(self._values)
        self.floor = lru_cache(32)(self._floor)
        self.state = np.full(self.shape, MISSING, np.int8)
        self.state[self._place] = np.where(cells["status"] == "done", DONE, FAILED)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self.losses), len(self.tasks), len(self.fractions), len(self.seeds)

    @property
    def task_names(self) -> tuple[str, ...]:
        return tuple(task.name for task in self.tasks)

    @cached_property
    def families(self) -> tuple[str, ...]:
        """The families, in the order of their first task."""
        return tuple(dict.fromkeys(task.family for task in self.tasks))

    @cached_property
    def metric_keys(self) -> tuple[str, ...]:
        """Every metric key that a finished record holds."""
        found = {}
        for prefix in (f"{column}/test/" for column in READINGS.values()):
            for column in self.cells.columns:
                if column.startswith(prefix):
                    found[column.removeprefix(prefix)] = True
        return tuple(found)

    @cached_property
    def failures(self) -> dict[tuple[int, int, int], str]:
        """How the failed cells of each (loss, task, fraction) failed, in a word."""
        failed = np.flatnonzero(self.state[self._place] == FAILED)
        classes = self.cells["error_class"].to_numpy()
        losses, tasks, fractions, _ = self._place
        return {(int(losses[row]), int(tasks[row]), int(fractions[row])): str(classes[row]) for row in failed}

    def _values(self, column: str) -> Floats:
        """A numeric column of the records as [losses, tasks, fractions, seeds]; NaN where there is none."""
        array = np.full(self.shape, np.nan)
        if column in self.cells.columns:
            array[self._place] = pd.to_numeric(self.cells[column], errors="coerce").to_numpy(float)
        return array

    def scores(self, reading: str, key: str) -> Floats:
        """A test metric under one reading as [losses, tasks, fractions, seeds]."""
        return self.values(f"{READINGS[reading]}/test/{key}")

    def _floor(self, key: str) -> Floats:
        """What constant scores reach, which no loss can change: [tasks, fractions, seeds]."""
        return nanmean(self.values(f"floor_metrics/test/{key}"), 0)

    def ceiling(self, key: str) -> Floats:
        """The best score that can be had where that is known: [tasks]."""
        name, _, bucket = key.partition("/")
        if bucket:
            return np.full(len(self.tasks), np.nan)
        return nanmean(self.values(f"dataset/ceiling/{name.partition('@')[0]}"), (0, 2, 3))

    def planned(self) -> npt.NDArray[np.bool_]:
        """Seeds that any loss has a record of: [tasks, fractions, seeds]."""
        return np.asarray((self.state != MISSING).any(0))

    def has_fraction(self, fraction: int) -> npt.NDArray[np.bool_]:
        """The tasks that have a record at a fraction, given by its index."""
        return np.asarray((self.state[:, :, fraction] != MISSING).any((0, 2)))

    def rows(self) -> tuple[npt.NDArray[np.intp], ...]:
        """Where each row of `cells` lies on the four axes."""
        return self._place


def fraction_order(fraction: float | int) -> tuple[bool, float]:
    """Absolute counts first, then shares, each ascending."""
    return fraction <= 1, fraction


def _codes(values: Any, axis: Sequence[Any]) -> npt.NDArray[np.intp]:
    index = {value: position for position, value in enumerate(axis)}
    return np.array([index[value] for value in values], dtype=np.intp)


def _task(name: str, rows: pd.DataFrame) -> Task:
    def first(column: str, default: Any) -> Any:
        if column not in rows.columns:
            return default
        there = rows[column].dropna()
        return there.iloc[0] if len(there) else default

    labels, counts = first("dataset/labels", 0), first("dataset/label_counts/train", [])
    counts = np.asarray([count for count in counts if count > 0], dtype=float)
    return Task(
        name=name,
        dataset=str(rows["dataset"].iloc[0]),
        family=str(first("dataset/family", rows["dataset"].iloc[0])),
        encoder=str(rows["encoder"].iloc[0]),
        modality=str(first("dataset/modality", "unknown")),
        labels=int(labels if isinstance(labels, int | float | np.number) else len(labels)),
        cardinality=float(first("dataset/cardinality", float("nan"))),
        imbalance=float(counts.max() / counts.min()) if len(counts) else float("nan"),
        train_rows=int(first("dataset/sizes/train", 0)),
        trained=not first("cell/encoder_options/frozen", False)
        and not _is_fixed(str(rows["encoder"].iloc[0])),
        pretrained=bool(first("cell/encoder_options/pretrained", False)),
    )


def _is_fixed(encoder: str) -> bool:
    """Whether nothing of an encoder is ever trained; of one that is not known here, no."""
    try:
        return bool(ENCODERS.describe(encoder.partition(":")[0]).attributes.get("fixed", False))
    except MlbenchError:
        return False
