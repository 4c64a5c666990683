"""What tables call a loss and a task, so that two different things never share a name."""

from __future__ import annotations

import pandas as pd

NOT_IDENTITY = ("cell/train/threads", "cell/train/time_limit")
"""Protocol keys that cannot change a result."""


def name_losses(cells: pd.DataFrame) -> pd.Series[str]:
    """The loss's id; where suites give one id to different parameters, with the parameters that differ."""
    parameters = [column for column in cells.columns if column.startswith("cell/loss/parameters/")]
    return _distinguished(cells, "loss", ["loss_name", *parameters])


def name_tasks(cells: pd.DataFrame) -> pd.Series[str]:
    """The dataset's id; where one id stands for different data, encoders or protocols, with what differs."""
    prefixes = ("cell/dataset_parameters/", "cell/encoder_options/", "cell/train/")
    columns = [
        column for column in cells.columns if column.startswith(prefixes) and column not in NOT_IDENTITY
    ]
    return _distinguished(cells, "dataset", ["cell/loader", "encoder", *columns])


def _distinguished(cells: pd.DataFrame, column: str, identity: list[str]) -> pd.Series[str]:
    """`column`, followed in brackets by the values of those `identity` columns that differ under one name."""
    names = cells[column].astype(str)
    known = [name for name in identity if name in cells.columns]
    text = pd.DataFrame({name: _as_text(cells[name]) for name in known}, index=cells.index)
    for shared, rows in text.groupby(names, sort=False):
        differing = [name for name in known if rows[name].nunique() > 1]
        if not differing:
            continue
        for index, values in zip(rows.index, rows[differing].to_numpy(), strict=True):
            shown = (
                f"{name.rsplit('/', 1)[-1]}={value}" for name, value in zip(differing, values, strict=True)
            )
            names.loc[index] = f"{shared} ({', '.join(shown)})"
    return names


def _as_text(values: pd.Series[str]) -> pd.Series[str]:
    return values.astype(object).where(values.notna(), "–").astype(str)
