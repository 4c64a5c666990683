"""Losses that a suite trains once more under seeds of their own: beside the loss that they repeat, never a loss."""

from __future__ import annotations

import pandas as pd

from mlbench.suite import SEEDS_APART

_REPEATS, _SHIFT = "cell/loss/repeats", "cell/train/seed_shift"
_MARK = "repeats"
ONCE_MORE = " (once more)"
"""What the name of a loss ends in where its repetition is set against it."""


def at_the_places_of_what_they_repeat(records: pd.DataFrame) -> pd.DataFrame:
    """The records, those that repeat a loss under its name and seeds, so that what holds for its cells holds for them:
    which finals count, which task they are of. `set_apart` takes them out again."""
    if _REPEATS not in records.columns or (again := records[_REPEATS].notna()).sum() == 0:
        return records
    shift = records[_SHIFT] - SEEDS_APART * again
    named = {_SHIFT: shift, _MARK: again, "loss": records["loss"].where(~again, records[_REPEATS])}
    # Behind the others, so that what takes the first of several takes the loss's own.
    return records.assign(**named).drop(columns=_REPEATS).sort_values(_MARK, kind="stable", ignore_index=True)


def set_apart(cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cells of the losses, and those that repeat one, under its name and ONCE_MORE."""
    if _MARK not in cells.columns:
        return cells, pd.DataFrame()
    again, whole = cells[_MARK].astype(bool), cells.drop(columns=_MARK)
    repeats = whole[again].reset_index(drop=True)
    return whole[~again].reset_index(drop=True), repeats.assign(loss=repeats["loss"] + ONCE_MORE)
