"""Trials at their places in the grid: what was chosen of each parameter, and all of them listed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlbench.report.data.grid import Grid
from mlbench.report.data.tuned.drawn import DRAWN


def choices(grid: Grid, trials: pd.DataFrame, fraction: int) -> dict[str, dict[str, list[Any]]]:
    """By loss and parameter, what the best trials at a fraction have of everything that was drawn."""
    placed = placed_trials(grid, trials)
    here = placed[placed["at"] == fraction] if len(placed) else placed
    rows = grid.cells.drop_duplicates("id").set_index("id")
    found: dict[str, dict[str, list[Any]]] = {}
    for _, group in here.groupby("loss_at") if len(here) else ():
        names = sorted({name for pairs in group[DRAWN] for name, _ in pairs})
        best = group[group["chosen"]].drop_duplicates("place")
        best = best[best["id"].isin(group.loc[group["done"], "id"])]
        if best.empty:
            continue
        drawn = list(zip(best["place"], map(dict, best[DRAWN]), strict=True))
        found[grid.losses[int(group["loss_at"].iloc[0])]] = {
            name: [pairs.get(name, rows[name].get(cell)) for cell, pairs in drawn] for name in names
        }
    return found


def listed_trials(grid: Grid, trials: pd.DataFrame) -> pd.DataFrame:
    """A row a trial under the names of the grid, what it drew as `name=value`."""
    placed = placed_trials(grid, trials)
    drew = [
        ", ".join(f"{name.rsplit('/', 1)[-1]}={value}" for name, value in pairs) for pairs in placed[DRAWN]
    ]
    return pd.DataFrame(
        {
            "dataset": [grid.task_names[place] for place in placed["task_at"]],
            "training data": placed["fraction"],
            "seed": placed["seed"],
            "loss": [grid.losses[place] for place in placed["loss_at"]],
            "trial": placed["trial"],
            "drawn": drew,
            "status": np.where(placed["done"], "done", "failed"),
            "chosen": placed["chosen"],
            "at an edge": [", ".join(edge.rsplit("/", 1)[-1] for edge in edges) for edges in placed["edges"]],
            "metric": placed["metric"],
            "validation": placed["validation"],
            "test": placed["test"],
            "seconds": placed["seconds"],
            "id": placed["id"],
        }
    )


def placed_trials(grid: Grid, trials: pd.DataFrame) -> pd.DataFrame:
    """The trials whose place is in the grid, with its indices there."""
    if trials.empty:
        return trials
    losses, tasks, fractions, _ = grid.rows()
    where = pd.DataFrame(
        {"loss_at": losses, "task_at": tasks, "at": fractions, "place": grid.cells["id"],
         "published": grid.cells["published"]}
    )  # fmt: skip
    return trials.merge(where, on=["place", "published"]).sort_values(
        ["loss_at", "task_at", "at", "trial", "seed"]
    )
