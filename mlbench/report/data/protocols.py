"""Which suites may share a table: those that train each dataset that they share alike, in the same variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mlbench.report.data.naming import NOT_IDENTITY

_OF_DATA = ("cell/loader", "encoder")
_PREFIXES = ("cell/dataset_parameters/", "cell/encoder_options/")
_PROTOCOL = "cell/train/"

Trained = Mapping[str, frozenset[tuple[str, ...]]]
"""How a suite trains each of its datasets: the settings of their cells."""


def alike(records: pd.DataFrame, *, tuned: bool) -> list[tuple[str, ...]]:
    """The suites of records of one kind in groups that may share a table, those with the most cells first.

    Two suites of which one trains a dataset under another protocol, encoder or reading of the data than the other would
    stand in one table as two datasets of one family, each with a mean of its own; so would two of which one holds
    variants of a family (other lengths of training, hidden labels) that the other lacks, and a family's mean would be
    over both. What is tuned differs from cell to cell, and is not looked at.
    """
    if "suite" not in records.columns:
        return []
    suites = records["suite"].fillna("").astype(str)
    found: list[tuple[list[str], dict[str, frozenset[tuple[str, ...]]], dict[str, set[str]]]] = []
    for suite in (
        suites.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable").index
    ):
        trained, variants = (
            _trained(records[suites == suite], tuned=tuned),
            _variants(records[suites == suite]),
        )
        for names, together, families in found:
            one_way = all(together[dataset] & how for dataset, how in trained.items() if dataset in together)
            if one_way and all(families[name] == ids for name, ids in variants.items() if name in families):
                names.append(str(suite))
                together.update(
                    {name: together.get(name, frozenset()) | how for name, how in trained.items()}
                )
                families.update(variants)
                break
        else:
            found.append(([str(suite)], dict(trained), variants))
    return [tuple(sorted(names)) for names, _, _ in found]


def without_differences(frames: Sequence[pd.DataFrame]) -> tuple[list[pd.DataFrame], list[str]]:
    """Cells of several sides without the keys of `[train]` in which each has one value and they differ, so that the two
    ways of training stand against each other on the same datasets; and these keys with their values, in words."""
    keys = sorted({name for frame in frames for name in frame.columns if name.startswith(_PROTOCOL)})
    gone, words = [], []
    for key in keys:
        values = [_values(frame, key) for frame in frames]
        if (
            all(len(each) == 1 for each in values)
            and len(set().union(*values)) > 1
            and key not in NOT_IDENTITY
        ):
            gone.append(key)
            shown = [next(iter(each)) for each in values]
            words.append(f"{key.removeprefix(_PROTOCOL)} = {' and '.join(shown)}")
    return [frame.drop(columns=gone, errors="ignore") for frame in frames], words


def _values(cells: pd.DataFrame, key: str) -> set[str]:
    return {str(value) for value in cells[key].dropna()} if key in cells.columns else set()


def _trained(cells: pd.DataFrame, *, tuned: bool) -> Trained:
    if "cell/loss/repeats" in cells.columns:
        cells = cells[cells["cell/loss/repeats"].isna()]
    prefixes = _PREFIXES if tuned else (*_PREFIXES, _PROTOCOL)
    columns = [
        name
        for name in cells.columns
        if name in _OF_DATA or (name.startswith(prefixes) and name not in NOT_IDENTITY)
    ]
    settings: pd.DataFrame = cells[columns].astype(object).where(cells[columns].notna(), "–").astype(str)
    settings = settings.assign(dataset=cells["dataset"].astype(str)).drop_duplicates()
    return {
        str(dataset): frozenset(map(_plain, rows[columns].itertuples(index=False)))
        for dataset, rows in settings.groupby("dataset", sort=False)
    }


def _variants(cells: pd.DataFrame) -> dict[str, set[str]]:
    """Of each family the datasets that share its inputs."""
    datasets = cells["dataset"].astype(str)
    families = cells["dataset/family"].fillna(datasets) if "dataset/family" in cells.columns else datasets
    return {str(family): set(ids) for family, ids in datasets.groupby(families.astype(str))}


def _plain(values: Any) -> tuple[str, ...]:
    return tuple(values)
