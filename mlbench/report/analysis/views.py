"""The questions that a grid can answer: metric, reading and fraction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mlbench.report.data.grid import READINGS, Grid
from mlbench.report.data.measures import Measure, main_keys, measure


class View(NamedTuple):
    """One question: a metric under one reading at one fraction (by its index)."""

    key: str
    reading: str
    fraction: int


class Views:
    """A grid, what its metrics mean, and every view of it that has a number."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.measures: dict[str, Measure] = {key: measure(key) for key in grid.metric_keys}
        self.main = main_keys(grid.metric_keys)

    @property
    def readings(self) -> tuple[str, ...]:
        """The readings that any finished record has."""
        return tuple(
            reading
            for reading, column in READINGS.items()
            if any(name.startswith(f"{column}/test/") for name in self.grid.cells.columns)
        )

    @property
    def default(self) -> View | None:
        """What the page opens with: the first main metric, own logits, the largest fraction with results."""
        if not self.main or not self.readings:
            return None
        done = ~np.isnan(self.grid.scores(self.readings[0], self.main[0])).all((0, 1, 3))
        return View(self.main[0], self.readings[0], int(np.flatnonzero(done).max(initial=0)))

    def views(self, keys: tuple[str, ...] | None = None) -> Iterator[View]:
        """Every metric, reading and fraction that has a number; only of `keys` where given."""
        for key in keys if keys is not None else self.grid.metric_keys:
            for reading in self.readings:
                scores = self.grid.scores(reading, key)
                for fraction in range(len(self.grid.fractions)):
                    if not np.isnan(scores[:, :, fraction]).all():
                        yield View(key, reading, fraction)
