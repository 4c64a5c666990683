"""Whether losses were judged at their defaults: a headline on records that nobody tuned says so."""

from __future__ import annotations

import pandas as pd

from mlbench.errors import MlbenchError
from mlbench.registry import LOSSES
from mlbench.report.analysis import Analysis

_PREFIX = "cell/loss/parameters/"
_OF_THE_PROTOCOL = "reduction"
"""A parameter that `[train]` gives to every loss that takes it."""


def untuned(analysis: Analysis) -> str:
    """`with default hyperparameters`, or that they are a suite's own; empty where losses were tuned, and where the
    records name no parameters.

    A variant under a name of its own is what that name says, and not looked at.
    """
    if len(analysis.trials) and (analysis.trials["of"] > 1).any():
        return ""
    cells = analysis.grid.cells
    columns = [name for name in cells.columns if name.startswith(_PREFIX) and cells[name].notna().any()]
    if not columns:
        return ""
    own = cells[cells["cell/loss/id"] == cells["loss_name"]]
    known = all(_at_defaults(str(name), rows) for name, rows in own.groupby("loss_name"))
    return "with default hyperparameters" if known else "with the suite's hyperparameters, untuned"


def _at_defaults(loss: str, rows: pd.DataFrame) -> bool:
    """Whether the records of a loss have its defaults; of one that is not known here that cannot be said."""
    try:
        declared = LOSSES.describe(loss).parameters
    except MlbenchError:
        return False
    for parameter in declared:
        column = f"{_PREFIX}{parameter.name}"
        if parameter.name == _OF_THE_PROTOCOL or column not in rows.columns:
            continue
        given = rows[column]
        same = given.isna() if parameter.default is None else given == parameter.default
        if not same.all():
            return False
    return True
