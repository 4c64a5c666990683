"""Everything that tables, figures, text and claims ask of a grid, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from mlbench.report.analysis.budget import Budget, budget
from mlbench.report.analysis.summary import Summary, summarise
from mlbench.report.analysis.views import View, Views
from mlbench.report.analysis.within_tasks import WithinTasks
from mlbench.report.data.arrays import Floats
from mlbench.report.data.grid import Grid
from mlbench.report.data.measures import measure
from mlbench.report.data.replicates import StoredReplicates
from mlbench.report.statistics import (
    ROPE,
    AgainstControl,
    Blocks,
    Friedman,
    Ranking,
    Region,
    Within,
    against_control,
    friedman,
    make_blocks,
    may_be_best,
    nemenyi,
    rank_losses,
)
from mlbench.report.statistics.spans import family_spans
from mlbench.report.statistics.within import Difference


class Analysis(Views):
    """A grid and what was found of it; each part is computed when it is first asked for."""

    def __init__(
        self,
        grid: Grid,
        replicates: StoredReplicates | None = None,
        trials: pd.DataFrame | None = None,
        *,
        rope: float = ROPE,
    ) -> None:
        super().__init__(grid)
        self.trials = pd.DataFrame() if trials is None else trials
        self.rope = rope
        self._within = WithinTasks(self, replicates)
        self.scores = lru_cache(16)(grid.scores)
        self.blocks = lru_cache(None)(self._blocks)
        self.ranking = lru_cache(None)(self._ranking)
        self.confidence_set = lru_cache(None)(self._confidence_set)
        self.pairs = lru_cache(None)(self._pairs)
        self.region = lru_cache(None)(self._region)
        self.friedman = lru_cache(None)(self._friedman)
        self.nemenyi = lru_cache(None)(self._nemenyi)
        self.summary = lru_cache(None)(self._summary)
        self.budget = lru_cache(None)(self._budget)

    def within(self, view: View) -> Mapping[int, Within]:
        """For each task's index, which losses are significantly different from its best."""
        return self._within.of(view)

    def _blocks(self, view: View) -> Blocks | None:
        return make_blocks(self.grid, view.reading, self.measures[view.key], view.fraction)

    def _ranking(self, view: View) -> Ranking | None:
        blocks = self.blocks(view)
        return None if blocks is None or len(blocks.losses) < 2 else rank_losses(blocks)

    def _confidence_set(self, view: View) -> tuple[str, ...]:
        """The losses that may be the best ones, in the order of their ranks; empty where none can be ranked.

        Of one family those that are not significantly different from the first one, by test rows and seeds, on one of
        its datasets or more.
        """
        blocks, ranking = self.blocks(view), self.ranking(view)
        if blocks is None or ranking is None:
            return ()
        ordered = [ranking.losses[place] for place in ranking.order]
        if blocks.count == 1:
            places, found = map(self.grid.losses.index, ordered), self._within_of(view, blocks)
            best = self.grid.losses.index(ranking.best)
            apart = [bool(found) and all(one.differ(best, place) for one in found) for place in places]
            return tuple(loss for loss, gone in zip(ordered, apart, strict=True) if not gone)
        kept = may_be_best(blocks.scores)
        return tuple(ranking.losses[place] for place in ranking.order if kept[place])

    def _friedman(self, view: View) -> Friedman | None:
        blocks = self.blocks(view)
        return None if blocks is None else friedman(blocks.scores)

    def _nemenyi(self, view: View) -> Floats | None:
        """p of every pair, in the order of the blocks' losses; None where Friedman does not reject."""
        blocks, found = self.blocks(view), self.friedman(view)
        return None if blocks is None or found is None or not found.rejects else nemenyi(blocks.scores)

    def _pairs(self, view: View) -> list[AgainstControl]:
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
        return max((one.source for one in found), key=len, default="")

    def _within_of(self, view: View, blocks: Blocks) -> list[Within]:
        """Of the tasks compared; empty where one of them cannot be compared within."""
        within = self.within(view)
        tasks = [self.grid.task_names.index(name) for name in blocks.tasks]
        return [within[task] for task in tasks] if all(task in within for task in tasks) else []
