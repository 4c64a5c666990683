"""Of the trials of a tuned loss the one that counts: the best on validation. The test split has no say in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlbench.report.naming import name_losses, name_tasks

NUMBER, OF, BUDGET = "cell/trial/number", "cell/trial/of", "cell/trial/budget"
UNTUNED = "cell/trial/untuned"
DRAWN = "drawn"
"""The column with what the trial drew that counts, as (column, value) pairs; the columns themselves hold the
suite's own values, which is what the tuned loss is told by."""

SHOWN = 6
"""Names that a sentence lists."""

_SLOT = ["loss", "task", "fraction", "seed"]
_WHERE = ["task", "fraction"]


@dataclass(frozen=True)
class Chosen:
    """`cells` without the trials that do not count; `trials` all of those that one was chosen from, a row each:

    `id`, `best` (the id of the best on validation), `place` (the id of the one that counts: see `choose`), `family`,
    `fraction`, `seed`, `trial`, `of`, `done`, the score on `validation` that decided, the same on `test`, their
    `metric`, the `seconds` it took, and DRAWN. `merge` adds whether they are `published`.
    """

    cells: pd.DataFrame
    trials: pd.DataFrame
    problems: tuple[str, ...] = ()


def choose(cells: pd.DataFrame) -> Chosen:
    """One cell for each tuned loss, task, fraction and seed.

    A finished trial beats a failed one, then the better score on validation by the protocol's `select_metric`
    counts, of equal ones the earlier trial. A failed trial is spent like any other. Where trials are still missing
    none counts, so that no loss is judged by fewer than it was promised; how many that is the earliest trial of a
    suite says, of several suites the most, and those beyond the budget do not count. A record without a trial that is
    equal to the first one stands for it. Where some losses were not tuned, on the same task and fraction, the first
    trial of the others counts, so that all have had as many.
    """
    if NUMBER not in cells.columns or cells[NUMBER].isna().all():
        return Chosen(cells, pd.DataFrame())
    cells = cells.reset_index(drop=True)
    plain = _as_the_suite_has_it(cells)
    table = _table(cells, plain)
    slots = table.groupby(_SLOT, sort=False)
    tuned = slots["marked"].transform("any")
    others = table[~tuned]
    table = table[tuned].sort_values(
        ["trial", "done", "finished", "id"], ascending=[True, False, False, False]
    )
    of_suite = table.groupby([*_SLOT, "suite"], sort=False)
    table = table.assign(of=of_suite["of"].transform("first"), budget=of_suite["budget"].transform("first"))
    slots = table.groupby(_SLOT, sort=False)
    table = table.assign(of=slots["of"].transform("max"), budget=slots["budget"].transform("max"))
    table = table[table["trial"] < table["budget"]].drop_duplicates([*_SLOT, "trial"])
    complete = table.groupby(_SLOT, sort=False)["trial"].transform("size") >= table["of"]
    ranked = table[complete].sort_values(
        ["done", "validation", "trial"], ascending=[False, False, True], na_position="last"
    )
    ranked["best"] = ranked.groupby(_SLOT, sort=False)["id"].transform("first")
    ranked["first"] = ranked["id"].where(ranked["trial"] == 0)
    ranked["first"] = ranked.groupby(_SLOT, sort=False)["first"].transform("first")
    untuned = pd.MultiIndex.from_frame(others[_WHERE])
    ranked["place"] = ranked["best"].where(
        ~pd.MultiIndex.from_frame(ranked[_WHERE]).isin(untuned), ranked["first"]
    )
    kept = [*np.flatnonzero(~tuned), *ranked.index[ranked["id"] == ranked["place"]]]
    problems = (*_incomplete(table[~complete]), *_unequal(table), *_beside(table, others))
    trials = ranked.sort_values([*_SLOT, "trial"]).drop(
        columns=["suite", "marked", "finished", "loss", "task", "budget", "first"]
    )
    return Chosen(plain.loc[sorted(kept)].reset_index(drop=True), trials.reset_index(drop=True), problems)


def as_trained(cells: pd.DataFrame, none: object = None) -> pd.DataFrame:
    """With the values that the trials which count drew in place of the suite's own; `none` where None was drawn."""
    if DRAWN not in cells.columns:
        return cells
    columns: dict[str, list[object]] = {}
    for row, pairs in enumerate(cells[DRAWN]):
        for name, value in pairs if isinstance(pairs, list) else ():
            columns.setdefault(name, cells[name].tolist())[row] = none if value is None else value
    return cells.assign(**_typed(columns, cells.index))


def _as_the_suite_has_it(cells: pd.DataFrame) -> pd.DataFrame:
    """With the suite's own values in place of those drawn, which stand in DRAWN."""
    columns: dict[str, list[object]] = {}
    drawn: list[list[tuple[str, object]]] = []
    for row, pairs in enumerate(cells[UNTUNED]):
        mine = []
        for path, value in pairs if isinstance(pairs, list) else ():
            name = f"cell/{path}"
            values = columns.setdefault(name, cells[name].tolist() if name in cells else [None] * len(cells))
            mine.append((name, values[row]))
            values[row] = value
        drawn.append(mine)
    return cells.assign(**_typed(columns, cells.index), **{DRAWN: pd.Series(drawn, index=cells.index)})


def _typed(columns: Mapping[str, list[object]], index: pd.Index[Any]) -> dict[str, pd.Series[Any]]:
    return {name: pd.Series(values, index=index).infer_objects() for name, values in columns.items()}


def _table(cells: pd.DataFrame, plain: pd.DataFrame) -> pd.DataFrame:
    """What decides, a row a cell."""
    family = cells["dataset/family"] if "dataset/family" in cells else pd.Series(np.nan, index=cells.index)
    finished = cells["finished"].fillna("").astype(str) if "finished" in cells else ""
    seconds = plain.get("timing/total", pd.Series(np.nan, index=cells.index))
    metric = (
        plain.get("cell/train/select_metric", pd.Series("map", index=cells.index)).fillna("map").astype(str)
    )
    return pd.DataFrame(
        {
            "id": cells["id"],
            "suite": cells["suite"].fillna("").astype(str),
            "loss": name_losses(plain),
            "task": name_tasks(plain),
            "family": family.fillna(cells["dataset"]).astype(str),
            "fraction": cells["fraction"],
            "seed": cells["seed"],
            "marked": cells[NUMBER].notna(),
            "trial": cells[NUMBER].fillna(0).astype(int),
            "of": cells[OF],
            "budget": cells[BUDGET],
            "done": cells["status"] == "done",
            "finished": finished,
            "metric": metric,
            "validation": _selected(plain, metric, "validation"),
            "test": _selected(plain, metric, "test"),
            "seconds": pd.to_numeric(seconds, errors="coerce"),
            DRAWN: plain[DRAWN],
        }
    )


def _selected(cells: pd.DataFrame, metric: pd.Series[str], split: str) -> npt.NDArray[np.float64]:
    """Each cell's score by the metric that its protocol selects by."""
    found = np.full(len(cells), np.nan)
    for name in metric.unique():
        column = f"metrics/{split}/{name}"
        if column in cells:
            here = (metric == name).to_numpy()
            found[here] = pd.to_numeric(cells[column], errors="coerce").to_numpy(float)[here]
    return found


def _incomplete(table: pd.DataFrame) -> Iterable[str]:
    for (loss, task), rows in table.groupby(["loss", "task"], sort=True):
        slots = rows.groupby(["fraction", "seed"])
        done = [f"{size} of {rows['of'].max():.0f}" for size in sorted(set(slots["trial"].size()))]
        yield (
            f"{loss} on {task}: {' or '.join(done)} trials are there at {slots.ngroups} of the fractions and seeds, "
            "which count as missing until `mlbench run` has done the rest"
        )


def _unequal(table: pd.DataFrame) -> Iterable[str]:
    """Tasks on which not all tuned losses were given as many trials."""
    for task, rows in table.groupby("task", sort=True):
        budgets = rows.groupby("budget")["loss"].agg(lambda losses: ", ".join(sorted(set(losses))))
        if len(budgets) > 1:
            told = "; ".join(f"{budget:.0f} for {losses}" for budget, losses in budgets.items())
            yield f"{task}: tuned losses were given different numbers of trials: {told}"


def _beside(table: pd.DataFrame, others: pd.DataFrame) -> Iterable[str]:
    """Losses that were not tuned where others were, in one sentence."""
    tuned = pd.MultiIndex.from_frame(table.loc[table["of"] > 1, _WHERE])
    rows = others[pd.MultiIndex.from_frame(others[_WHERE]).isin(tuned)]
    if len(rows):
        losses, tasks = (_some(rows[name]) for name in ("loss", "task"))
        yield (
            f"not tuned were {losses} on {tasks}, where other losses were; so all count there with their suite's own "
            "values"
        )


def _some(names: pd.Series[str]) -> str:
    """The different names, of many the first."""
    found = sorted(set(names))
    rest = [f"{len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return ", ".join([*found[:SHOWN], *rest])
