"""One record a place: of several of one loss, task, fraction and seed the one that counts, the others named."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mlbench.report.data.naming import name_losses, name_tasks

PLACE = ["loss", "dataset", "fraction", "seed", "encoder"]
"""What two records of one place agree on at least; parameters, settings and protocol may still differ."""


def one_a_place(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The cells that count, and sentences that name those that do not.

    Cells of one place have different ids where a loss's code or the data changed between runs. A finished
    record counts before a failed one, of several the newest.
    """
    if cells.empty or not (shared := cells.duplicated(PLACE, keep=False)).any():
        return cells, []
    rows = cells[shared]
    finished = rows["finished"].fillna("").astype(str) if "finished" in rows.columns else ""
    places = rows[["id", "fraction", "seed"]].assign(
        loss=name_losses(rows), task=name_tasks(rows), done=rows["status"] == "done", finished=finished
    )
    best_first = places.sort_values(["done", "finished", "id"], ascending=False)
    beaten = best_first[best_first.duplicated(["loss", "task", "fraction", "seed"])].sort_index()
    sentences = [
        _sentence(f"{loss} on {task}", list(group["id"]))
        for (loss, task), group in beaten.groupby(["loss", "task"], sort=True)
    ]
    return cells.drop(index=beaten.index).reset_index(drop=True), sentences


def _sentence(where: str, identifiers: Sequence[str]) -> str:
    cells = f"cell {identifiers[0]} does" if len(identifiers) == 1 else f"cells {', '.join(identifiers)} do"
    return (
        f"{where}: {cells} not count, since there is a newer or a finished record of the same fraction and seed; "
        "the loss's code or the data changed between them"
    )
