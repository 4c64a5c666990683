"""Records made before a key of `[train]`, a parameter of a loss or an option of an encoder existed: they are at the
value that means what was done before, as their ids say, and stand beside newer records at that value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mlbench.errors import MlbenchError
from mlbench.registry import ENCODERS, LOSSES, Registry
from mlbench.suite import Protocol


def complete(records: pd.DataFrame) -> pd.DataFrame:
    """The records with what was added since they were made."""
    if records.empty:
        return records
    everywhere = pd.Series(True, index=records.index)
    records = _filled(records, everywhere, "cell/train/", Protocol.before())
    encoders = records["encoder"].astype(str).str.partition(":")[0]
    for registry, names, prefix in (
        (LOSSES, records["loss_name"], "cell/loss/parameters/"),
        (ENCODERS, encoders, "cell/encoder_options/"),
    ):
        for name in names.unique():
            records = _filled(records, names == name, prefix, _before(registry, str(name)))
    return records


def _before(registry: Registry[Any], name: str) -> Mapping[str, Any]:
    """What a thing of that name did before; nothing is known of one that is not here."""
    try:
        before: Mapping[str, Any] = registry.describe(name).attributes.get("before", {})
    except MlbenchError:
        return {}
    return before


def _filled(
    records: pd.DataFrame, rows: pd.Series[bool], prefix: str, values: Mapping[str, Any]
) -> pd.DataFrame:
    for name, value in values.items():
        column = f"{prefix}{name}"
        known = records[column] if column in records.columns else pd.Series(None, records.index, dtype=object)
        missing = rows & known.isna()
        if value is not None and missing.any():
            filled = known.astype(object).where(~missing, value)
            records = records.assign(**{column: filled.infer_objects()})
    return records
