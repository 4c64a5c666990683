"""Which suites may share a table: those that train each dataset that they share alike, in the same variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlbench.report.data.naming import NOT_IDENTITY
from mlbench.report.data.tuned.drawn import MARK, UNTUNED, as_the_suite_has_it

_OF_DATA = ("cell/loader", "encoder")
_PREFIXES = ("cell/dataset_parameters/", "cell/encoder_options/")
_PROTOCOL = "cell/train/"
_SEARCH = tuple(f"{MARK}{name}" for name in ("seeds", "sequence"))
"""Which trials those of a tuned suite are."""

Trained = Mapping[str, frozenset[tuple[str, ...]]]
"""How a suite trains each of its datasets: the settings of their cells."""


def alike(records: pd.DataFrame, *, tuned: bool) -> list[tuple[str, ...]]:
    """The suites of records of one kind in groups that may share a table, those with the most cells first.

    Two suites of which one trains a dataset under another protocol, encoder or reading of the data than the other would
    stand in one table as two datasets of one family, each with a mean of its own; so would two of which one holds
    variants of a family (other lengths of training, hidden labels) that the other lacks, and a family's mean would be
    over both. Two that tune a dataset by other trials, on other seeds or of another sequence of draws, choose twice
    for one loss. Two that have no dataset together and compare other losses have nothing to say to each other. What
    was drawn differs from cell to cell: there the suite's own value counts.
    """
    if "suite" not in records.columns:
        return []
    suites = records["suite"].fillna("").astype(str)
    if suites.nunique() == 1:
        return [(str(suites.iloc[0]),)]
    if tuned and UNTUNED in records.columns:
        records = as_the_suite_has_it(records)
    groups: list[_Group] = []
    for suite in (
        suites.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable").index
    ):
        own = _group(str(suite), records[suites == suite], tuned=tuned)
        fitting = next((group for group in groups if group.fits(own)), None)
        if fitting is None:
            groups.append(own)
        else:
            fitting.take(own)
    return [tuple(sorted(group.suites)) for group in groups]


@dataclass
class _Group:
    """Suites that may share a table."""

    suites: list[str]
    trained: dict[str, frozenset[tuple[str, ...]]]
    """How each dataset is trained."""
    variants: dict[str, set[str]]
    """Of each family the datasets that share its inputs."""
    losses: set[str]

    def fits(self, other: _Group) -> bool:
        """Whether what both hold is trained alike, in the same variants; where they hold nothing together, whether they
        compare the same losses."""
        shared = self.trained.keys() & other.trained.keys()
        families = self.variants.keys() & other.variants.keys()
        if not shared and not families:
            return self.losses == other.losses
        return all(self.trained[name] & other.trained[name] for name in shared) and all(
            self.variants[name] == other.variants[name] for name in families
        )

    def take(self, other: _Group) -> None:
        self.suites += other.suites
        for name, how in other.trained.items():
            self.trained[name] = self.trained.get(name, frozenset()) | how
        self.variants |= other.variants
        self.losses |= other.losses


def _group(suite: str, cells: pd.DataFrame, *, tuned: bool) -> _Group:
    losses = set(cells["loss"].astype(str)) if "loss" in cells.columns else set()
    return _Group([suite], dict(_trained(cells, tuned=tuned)), _variants(cells), losses)


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
    prefixes = (*_PREFIXES, _PROTOCOL)
    columns = [
        name
        for name in cells.columns
        if name in _OF_DATA
        or (tuned and name in _SEARCH)
        or (name.startswith(prefixes) and name not in NOT_IDENTITY)
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
