"""Everything that tables, figures, words and claims ask of a grid, computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlbench.report.analysis.budget import Budget, budget
from mlbench.report.analysis.summary import Summary, summarise
from mlbench.report.data.arrays import Floats
from mlbench.report.data.grid import READINGS, Grid
from mlbench.report.data.measures import Measure, main_keys, measure
from mlbench.report.data.replicates import Replicates
from mlbench.report.statistics import (
    ROPE,
    Blocks,
    Friedman,
    Pair,
    Ranking,
    Region,
    Within,
    against_control,
    friedman,
    make_blocks,
    may_be_best,
    nemenyi,
    rank_losses,
    within_dataset,
)
from mlbench.report.statistics.spans import family_spans
from mlbench.report.statistics.within import Difference


class View(NamedTuple):
    """One question: a metric under one reading at one fraction (by its index)."""

    key: str
    reading: str
    fraction: int


class Analysis:
    """A grid and what was found of it; each part is computed when it is first asked for."""

    def __init__(
        self,
        grid: Grid,
        replicates: Replicates | None = None,
        trials: pd.DataFrame | None = None,
        *,
        rope: float = ROPE,
    ) -> None:
        self.grid = grid
        self.trials = pd.DataFrame() if trials is None else trials
        self.measures: dict[str, Measure] = {key: measure(key) for key in grid.metric_keys}
        self.main = main_keys(grid.metric_keys)
        self.rope = rope
        self._replicates = replicates
        self.scores = lru_cache(16)(grid.scores)
        self.blocks = lru_cache(None)(self._blocks)
        self.ranking = lru_cache(None)(self._ranking)
        self.contenders = lru_cache(None)(self._contenders)
        self.pairs = lru_cache(None)(self._pairs)
        self.region = lru_cache(None)(self._region)
        self.friedman = lru_cache(None)(self._friedman)
        self.nemenyi = lru_cache(None)(self._nemenyi)
        self._within_seeds = lru_cache(None)(self._seeds_within)
        self.summary = lru_cache(None)(self._summary)
        self.budget = lru_cache(None)(self._budget)

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

    def _friedman(self, view: View) -> Friedman | None:
        blocks = self.blocks(view)
        return None if blocks is None else friedman(blocks.scores)

    def _nemenyi(self, view: View) -> Floats | None:
        """p of every pair, in the order of the blocks' losses; None where Friedman does not reject."""
        blocks, found = self.blocks(view), self.friedman(view)
        return None if blocks is None or found is None or not found.rejects else nemenyi(blocks.scores)

    def _blocks(self, view: View) -> Blocks | None:
        return make_blocks(self.grid, view.reading, self.measures[view.key], view.fraction)

    def _ranking(self, view: View) -> Ranking | None:
        blocks = self.blocks(view)
        return None if blocks is None or len(blocks.losses) < 2 else rank_losses(blocks)

    def _contenders(self, view: View) -> tuple[str, ...]:
        """The losses that may be the best ones, in the order of their ranks; empty where none can be ranked.

        Of one family those that cannot be told from the first one, by test rows and seeds, on all of its datasets.
        """
        blocks, ranking = self.blocks(view), self.ranking(view)
        if blocks is None or ranking is None:
            return ()
        ordered = [ranking.losses[place] for place in ranking.order]
        if blocks.count == 1:
            places, found = map(self.grid.losses.index, ordered), self._within_of(view, blocks)
            best = self.grid.losses.index(ranking.best)
            apart = [bool(found) and all(one.told_apart(best, place) for one in found) for place in places]
            return tuple(loss for loss, gone in zip(ordered, apart, strict=True) if not gone)
        kept = may_be_best(blocks.scores)
        return tuple(ranking.losses[place] for place in ranking.order if kept[place])

    def _within_of(self, view: View, blocks: Blocks) -> list[Within]:
        """Of the tasks compared; empty where one of them cannot be compared within."""
        within = self.within(view)
        tasks = [self.grid.task_names.index(name) for name in blocks.tasks]
        return [within[task] for task in tasks] if all(task in within for task in tasks) else []

    def on_one_family(self, view: View, first: str, second: str) -> Difference | None:
        """How far one loss is ahead of another where there is one family, by test rows and seeds; else None.

        Of several datasets the mean; their errors are added, since they share their inputs.
        """
        blocks = self.blocks(view)
        if blocks is None or blocks.count > 1:
            return None
        sides = self.grid.losses.index(first), self.grid.losses.index(second)
        found = [one.difference(*sides) for one in self._within_of(view, blocks)]
        mean = float(blocks.differences(first, second)[0])
        if not found:
            return Difference(mean, np.nan, np.nan)
        half = float(np.mean([one.high - one.mean for one in found]))
        return Difference(mean, mean - half, mean + half)

    def source_on_one_family(self, view: View) -> str:
        """What its intervals there are by, in words; empty where there are none."""
        blocks = self.blocks(view)
        found = [] if blocks is None or blocks.count > 1 else self._within_of(view, blocks)
        known = [one for one in found if not np.isnan(one.error).all()]
        return "" if not known else "test rows and seeds" if any(one.rows for one in known) else "seeds alone"

    def _pairs(self, view: View) -> list[Pair]:
        blocks = self.blocks(view)
        control = None if blocks is None else blocks.control()
        return [] if blocks is None or control is None else against_control(blocks, control)

    def _region(self, view: View) -> Region | None:
        """What counts as equal on the families compared; None where none can be."""
        blocks = self.blocks(view)
        if blocks is None:
            return None
        spans = family_spans(self.grid, view.reading, blocks, view.fraction)
        return Region(blocks.families, spans, self.rope)

    def _summary(self, view: View) -> Summary:
        return summarise(self.grid, view.reading, self.measures[view.key], view.fraction, self.blocks(view))

    def _budget(self, fraction: int) -> Budget | None:
        return budget(self.grid, self.trials, fraction)

    @property
    def selected_by(self) -> str:
        """The metric that chose among trials, in words; of several, that it was a score."""
        keys = set(self.trials["metric"]) if len(self.trials) else set()
        return measure(keys.pop()).title if len(keys) == 1 else "score"

    def within(self, view: View) -> Mapping[int, Within]:
        """For each task's index, which losses cannot be told from its best.

        Of the main metrics by test rows and seeds, of the others by seeds alone.
        """
        if not self.measures[view.key].ranked:
            return {}
        return self._main_within[view] if view.key in self.main else self._within_seeds(view)

    @cached_property
    def _main_within(self) -> Mapping[View, Mapping[int, Within]]:
        """Of all main metrics at once: the scores file of a cell holds the replicates of all."""
        found: dict[View, dict[int, Within]] = {view: {} for view in self.views(self.main)}
        for fraction in range(len(self.grid.fractions)):
            for task in range(len(self.grid.tasks)):
                draws = self._replicates.load(task, fraction) if self._replicates else {}
                for view in found:
                    if view.fraction == fraction:
                        drawn = draws.get((view.reading, view.key))
                        self._compare(found[view], view, task, drawn)
        return found

    def _seeds_within(self, view: View) -> Mapping[int, Within]:
        found: dict[int, Within] = {}
        for task in range(len(self.grid.tasks)):
            self._compare(found, view, task, None)
        return found

    def _compare(
        self, found: dict[int, Within], view: View, task: int, drawn: npt.NDArray[np.float32] | None
    ) -> None:
        sign = self.measures[view.key].sign
        scores = self.scores(view.reading, view.key)[:, task, view.fraction] * sign
        result = within_dataset(scores, None if drawn is None else drawn * sign)
        if result is not None:
            found[task] = result
