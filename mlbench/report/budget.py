"""What tuning bought: the score of the suite's own values, and of the trial that validation chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlbench.report.arrays import Floats, nanmean, over_families, shared_tasks, spread_over_seeds
from mlbench.report.grid import Grid
from mlbench.report.trials import DRAWN


@dataclass(frozen=True)
class Budget:
    """Of every loss at one fraction, [losses]: the most `trials` it had, how many `failed`, in how many `slots`
    (tasks and seeds) it was tuned and in how many of them its own values were `kept`, the `hours` that all finished
    trials took; the test score of its `own` values and of the `tuned` ones, the `gain` and its `deviation` over seeds,
    as means over the families that all tuned losses have. `expected` [losses, trials]: the score of so many trials,
    NaN beyond a loss's last.
    """

    trials: npt.NDArray[np.int64]
    failed: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]
    kept: npt.NDArray[np.int64]
    hours: Floats
    own: Floats
    tuned: Floats
    gain: Floats
    deviation: Floats
    expected: Floats

    @property
    def order(self) -> list[int]:
        """The losses that were tuned, the best first, those without a score last."""
        there = np.flatnonzero(self.slots).tolist()
        return sorted(there, key=lambda index: (np.isnan(self.tuned[index]), -self.tuned[index]))


def expected_best(validation: Sequence[float], test: Sequence[float]) -> Floats:
    """The test score to expect of k trials, for every k: of the first, and k − 1 of the others drawn at random, the
    one that is best on validation counts.

    Exact, not sampled: of m others ordered from the best on validation, the chance that the j-th (from 0) is the
    best of k − 1 drawn is C(m − 1 − j, k − 2) / C(m, k − 1). A trial that failed has NaN in both and never counts;
    where all of k can be failures the value is NaN. The idea is that of Dodge et al., "Show Your Work" (2019), who
    draw with replacement and look at validation.
    """
    scores = np.asarray(validation, float)
    better = np.argsort(-np.where(np.isnan(scores[1:]), -np.inf, scores[1:]), kind="stable") + 1
    first, others = scores[0], len(scores) - 1
    found = np.empty(others + 1)
    for count in range(1, others + 2):
        rest, value = 1.0, 0.0
        for place, trial in enumerate(better if count > 1 else ()):
            if np.isnan(scores[trial]) or scores[trial] <= first:
                break
            chance = comb(others - 1 - place, count - 2) / comb(others, count - 1)
            rest -= chance
            value += chance * test[trial]
        found[count - 1] = value + rest * test[0] if rest > 1e-12 else value
    return found


def budget(grid: Grid, trials: pd.DataFrame, fraction: int) -> Budget | None:
    """At the fraction of that index; None where nothing was tuned there."""
    placed = _placed(grid, trials)
    here = placed[placed["at"] == fraction] if len(placed) else placed
    if here.empty or not (here["of"] > 1).any():
        return None
    shape, most = (len(grid.losses), len(grid.tasks), len(grid.seeds)), int(here["of"].max())
    chosen, curves = np.full(shape, np.nan), np.full((*shape, most), np.nan)
    trials_of, failed, slots, kept = np.zeros((4, shape[0]), np.int64)
    hours = np.zeros(shape[0])
    for _, rows in here.groupby(["loss_at", "task_at", "seed_at"]):
        best = rows[rows["id"] == rows["best"]].iloc[0]
        loss, *rest = (int(best[name]) for name in ("loss_at", "task_at", "seed_at"))
        curve = expected_best(rows["validation"].tolist(), rows["test"].tolist())
        curves[(loss, *rest)][: len(curve)] = curve
        chosen[(loss, *rest)] = best["test"]
        trials_of[loss] = max(trials_of[loss], len(rows))
        failed[loss] += int((~rows["done"]).sum())
        slots[loss] += 1
        hours[loss] += float(np.nansum(rows["seconds"])) / 3600
        kept[loss] += int(best["done"] and best["trial"] == 0)
    own, tuned, gain, deviation = np.full((4, shape[0]), np.nan)
    expected = np.full((shape[0], most), np.nan)
    some, shared = shared_tasks(chosen)
    if shared.any():
        families = [grid.tasks[task].family for task in np.flatnonzero(shared)]
        place = np.ix_(some, shared)
        first = curves[..., 0]
        own[some] = over_families(nanmean(first[place], 2).T, families)
        tuned[some] = over_families(nanmean(chosen[place], 2).T, families)
        gain[some] = over_families(nanmean((chosen - first)[place], 2).T, families)
        deviation[some] = spread_over_seeds((chosen - first)[place], families)
        expected[some] = over_families(nanmean(curves[place], 2).transpose(1, 0, 2), families)
    return Budget(
        trials=trials_of,
        failed=failed,
        slots=slots,
        kept=kept,
        hours=hours,
        own=own,
        tuned=tuned,
        gain=gain,
        deviation=deviation,
        expected=expected,
    )


def choices(grid: Grid, trials: pd.DataFrame, fraction: int) -> dict[str, dict[str, list[Any]]]:
    """By loss and parameter, what the best trials at a fraction have of everything that was drawn."""
    placed = _placed(grid, trials)
    here = placed[placed["at"] == fraction] if len(placed) else placed
    rows = grid.cells.drop_duplicates("id").set_index("id")
    found: dict[str, dict[str, list[Any]]] = {}
    for _, group in here.groupby("loss_at") if len(here) else ():
        names = sorted({name for pairs in group[DRAWN] for name, _ in pairs})
        best = group[(group["id"] == group["best"]) & group["done"]]
        if best.empty:
            continue
        drawn = list(zip(best["place"], map(dict, best[DRAWN]), strict=True))
        found[grid.losses[int(best["loss_at"].iloc[0])]] = {
            name: [pairs.get(name, rows[name].get(cell)) for cell, pairs in drawn] for name in names
        }
    return found


def listed_trials(grid: Grid, trials: pd.DataFrame) -> pd.DataFrame:
    """A row a trial under the names of the grid, what it drew as `name=value`."""
    placed = _placed(grid, trials)
    drew = [
        ", ".join(f"{name.rsplit('/', 1)[-1]}={value}" for name, value in pairs) for pairs in placed[DRAWN]
    ]
    return pd.DataFrame(
        {
            "dataset": [grid.task_names[place] for place in placed["task_at"]],
            "training data": [grid.fractions[place] for place in placed["at"]],
            "seed": placed["seed"],
            "loss": [grid.losses[place] for place in placed["loss_at"]],
            "trial": placed["trial"],
            "drawn": drew,
            "status": np.where(placed["done"], "done", "failed"),
            "best": placed["id"] == placed["best"],
            "counts": placed["id"] == placed["place"],
            "metric": placed["metric"],
            "validation": placed["validation"],
            "test": placed["test"],
            "seconds": placed["seconds"],
            "id": placed["id"],
        }
    )


def _placed(grid: Grid, trials: pd.DataFrame) -> pd.DataFrame:
    """The trials whose place is in the grid, with its indices there."""
    if trials.empty:
        return trials
    losses, tasks, fractions, seeds = grid.rows()
    where = pd.DataFrame(
        {"loss_at": losses, "task_at": tasks, "at": fractions, "seed_at": seeds, "place": grid.cells["id"],
         "published": grid.cells["published"]}
    )  # fmt: skip
    return trials.merge(where, on=["place", "published"]).sort_values(
        ["loss_at", "task_at", "at", "seed_at", "trial"]
    )
