"""Every task by itself: which losses are significantly different there, of every view."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from mlbench.report.analysis.views import View, Views
from mlbench.report.data.replicates import StoredReplicates
from mlbench.report.statistics import Within, within_dataset


class WithinTasks:
    """The comparisons within tasks, by view and the task's index; a task where nothing can be compared has none.

    The main metrics are compared by test rows and seeds, the others by seeds alone.
    """

    def __init__(self, views: Views, replicates: StoredReplicates | None) -> None:
        self._views, self._replicates = views, replicates
        self._scores = lru_cache(16)(views.grid.scores)
        self._by_seeds = lru_cache(None)(self._of_seeds)

    def of(self, view: View) -> Mapping[int, Within]:
        """Of one view; empty of a metric by which losses are never ranked."""
        if not self._views.measures[view.key].ranked:
            return {}
        return self._of_main[view] if view.key in self._views.main else self._by_seeds(view)

    @cached_property
    def _of_main(self) -> Mapping[View, Mapping[int, Within]]:
        """Of all main metrics at once: the scores file of a cell holds the replicates of all."""
        grid = self._views.grid
        found: dict[View, dict[int, Within]] = {view: {} for view in self._views.views(self._views.main)}
        for fraction in range(len(grid.fractions)):
            for task in range(len(grid.tasks)):
                draws = self._replicates.load(task, fraction) if self._replicates else {}
                for view in found:
                    if view.fraction == fraction:
                        self._compare(found[view], view, task, draws.get((view.reading, view.key)))
        return found

    def _of_seeds(self, view: View) -> Mapping[int, Within]:
        found: dict[int, Within] = {}
        for task in range(len(self._views.grid.tasks)):
            self._compare(found, view, task, None)
        return found

    def _compare(
        self, found: dict[int, Within], view: View, task: int, drawn: npt.NDArray[np.float32] | None
    ) -> None:
        sign = self._views.measures[view.key].sign
        scores = self._scores(view.reading, view.key)[:, task, view.fraction] * sign
        result = within_dataset(scores, None if drawn is None else drawn * sign)
        if result is not None:
            found[task] = result
