"""Which loss to take on one dataset: the best one, who equals it, who is worse, and what would tell the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from mlbench.errors import MlbenchError
from mlbench.registry import LOSSES
from mlbench.report.analysis import Analysis, View
from mlbench.report.data.measures import Measure
from mlbench.report.one_dataset.rising import rising
from mlbench.report.one_dataset.settling import Settled, what_settles
from mlbench.report.statistics.spans import spans_of
from mlbench.report.statistics.within import Difference, Within

CONTROL = "bce"

Relation = Literal["best", "equal", "open", "likely", "worse"]
"""equal: the interval of the difference lies within what counts as no difference. worse: significantly different (Holm
over all pairs), and not equal. likely: its own interval says worse, the correction over all pairs does not. open: none
of it."""

UNSETTLED = ("open", "likely")


@dataclass(frozen=True)
class Standing:
    """A loss: its mean over seeds, how far it is from the best one (more is better), and what that says."""

    loss: str
    mean: float
    difference: Difference
    relation: Relation


@dataclass(frozen=True)
class Verdict:
    """On one dataset at one fraction.

    standings: best first. region: a difference up to this counts as none, the `share` of what lies between constant
    scores and the best loss; NaN where nothing says what that is. take: the simplest of the best and those that are
    as good as it, by what was measured. settled: what it takes to tell the unsettled losses apart. failed: the losses
    without a result and why. by: what the intervals are by, "" where there are none. rising: the losses that had not
    finished learning.
    """

    dataset: str
    measure: Measure
    standings: tuple[Standing, ...]
    region: float
    share: float
    take: str
    rows: int
    seeds: int
    by: str
    settled: Settled | None
    failed: tuple[tuple[str, str], ...]
    rising: tuple[str, ...] = ()

    @property
    def best(self) -> Standing:
        return self.standings[0]

    def of(self, relation: Relation) -> list[Standing]:
        return [standing for standing in self.standings if standing.relation == relation]


def find_verdict(analysis: Analysis, view: View, task: int = 0) -> Verdict | None:
    """None where no loss has a result."""
    grid, measure = analysis.grid, analysis.measures[view.key]
    scores = analysis.scores(view.reading, view.key)[:, task, view.fraction] * measure.sign
    there = np.flatnonzero(~np.isnan(scores).all(1))
    if not len(there):
        return None
    within = analysis.within(view).get(task)
    span = float(spans_of(grid, view.reading, measure, view.fraction, [[task]])[0])
    region = analysis.rope * span if span > 0 else float("nan")
    means = np.nanmean(scores[there], 1) if within is None else within.means[there]
    order = there[np.argsort(-means, kind="stable")]
    mean_of = dict(zip(there.tolist(), means.tolist(), strict=True))
    best = int(order[0])
    standings = tuple(
        _standing(grid.losses[loss], mean_of[loss] * measure.sign, _apart(within, mean_of, loss, best),
                  loss == best, within is not None and within.differ(loss, best), region)
        for loss in map(int, order)
    )  # fmt: skip
    rows = _test_rows(grid.cells[grid.rows()[1] == task])
    return Verdict(
        dataset=grid.task_names[task],
        measure=measure,
        standings=standings,
        region=region,
        share=analysis.rope,
        take=simplest(_candidates(standings, region)),
        rows=rows,
        seeds=int((~np.isnan(scores[there])).any(0).sum()) if within is None else within.seeds,
        by=_source(within),
        settled=_settled(within, standings, grid.losses, best, region, rows),
        failed=tuple(
            (grid.losses[loss], reason)
            for (loss, where, fraction), reason in sorted(grid.failures.items())
            if (where, fraction) == (task, view.fraction) and loss not in mean_of
        ),
        rising=rising(analysis, task, view.fraction, region),
    )


def simplest(losses: Sequence[str]) -> str:
    """The control, else the one that needs least beside logits and has the fewest parameters; of equally simple ones
    the first."""
    return min(losses, key=_complexity)


def _complexity(loss: str) -> tuple[bool, int, int]:
    try:
        declared = LOSSES.describe(loss)
    except MlbenchError:
        return (True, 99, 99)
    needs = set(declared.attributes.get("needs", ()))
    own = [parameter for parameter in declared.parameters if parameter.name != "reduction"]
    return (loss != CONTROL, len(needs ^ {"logits"}), len(own))


def _candidates(standings: Sequence[Standing], region: float) -> list[str]:
    """The best, its equals, and of the open ones those that were measured to be within the region."""
    return [
        each.loss
        for each in standings
        if each.relation in ("best", "equal")
        or (each.relation in UNSETTLED and -each.difference.mean <= region)
    ]


def _apart(within: Within | None, means: dict[int, float], loss: int, best: int) -> Difference:
    if within is not None:
        return within.difference(loss, best)
    return Difference(means[loss] - means[best], float("nan"), float("nan"))


def _standing(loss: str, mean: float, apart: Difference, first: bool, told: bool, region: float) -> Standing:
    relation: Relation = "open"
    if first:
        relation = "best"
    elif max(abs(apart.low), abs(apart.high)) <= region:
        relation = "equal"
    elif told:
        relation = "worse"
    elif apart.high < 0:
        relation = "likely"
    return Standing(loss, mean, apart, relation)


def _source(within: Within | None) -> str:
    return "" if within is None else within.source


def _settled(
    within: Within | None,
    standings: Sequence[Standing],
    losses: Sequence[str],
    best: int,
    region: float,
    rows: int,
) -> Settled | None:
    """Of the unsettled loss that is hardest to tell, at the difference that was measured; where all of them are within
    the region, at that."""
    if within is None or not within.rows or not region > 0 or not rows:
        return None
    sizes = {
        losses.index(each.loss): max(-each.difference.mean, region)
        for each in standings
        if each.relation in UNSETTLED
    }
    beyond = {place: size for place, size in sizes.items() if size > region} or sizes
    known = {place: size for place, size in beyond.items() if not np.isnan(within.error[place, best])}
    if not known:
        return None
    hardest = max(known, key=lambda place: float(within.error[place, best]) / known[place])
    error, of_rows = float(within.error[hardest, best]), float(within.from_rows[hardest, best])
    return what_settles(known[hardest], error, of_rows, rows, within.seeds)


def _test_rows(cells: pd.DataFrame) -> int:
    """Rows of the test split, 0 where no record says."""
    sizes = cells.get("dataset/sizes/test", pd.Series(dtype=float)).dropna()
    return int(sizes.iloc[0]) if len(sizes) else 0
