"""Which records may share a table: those of one TRAINING_VERSION. Results of an older one stand apart, and marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from mlbench.version import FAULTS, TRAINING_VERSION, UNNAMED

_VERSION = "code/training"
_OPEN = ("cell/", "metrics/", "probe_metrics/", "floor_metrics/", "dataset/")
"""Columns that some records have and others not, by how they begin."""


@dataclass(frozen=True, order=True)
class Kind:
    """What all cells of one part of a report have in common."""

    version: int

    @property
    def mark(self) -> str:
        """What a reader must know before anything else, in a sentence; empty where nothing is wrong."""
        if self.version >= TRAINING_VERSION:
            return ""
        faults = [FAULTS[version] for version in range(self.version, TRAINING_VERSION) if version in FAULTS]
        return f"{self.short}: {'; '.join(faults) or 'what it lacks is in the history of mlbench'}."

    @property
    def short(self) -> str:
        """The mark in few words."""
        if self.version >= TRAINING_VERSION:
            return ""
        return f"Results of an older protocol (TRAINING_VERSION {self.version}, now {TRAINING_VERSION})"

    @property
    def name(self) -> str:
        """As part of a file's name or an anchor."""
        return f"training-{self.version}"


def split(records: pd.DataFrame) -> dict[Kind, pd.DataFrame]:
    """The records of each kind, without the columns that only others have."""
    if records.empty:
        return {}
    found = _versions(records)
    if found.nunique() == 1:
        return {Kind(int(found.iloc[0])): records}
    return {Kind(version): _alone(records[found == version]) for version in sorted(set(found))}


def kind_of(cells: pd.DataFrame) -> Kind:
    """Of cells that may share a table."""
    return Kind(int(_versions(cells).min())) if len(cells) else Kind(TRAINING_VERSION)


def kinds_of(frames: Iterable[dict[Kind, pd.DataFrame]]) -> list[Kind]:
    """All that there are, the newest first; the present one where there is none."""
    return sorted({kind for frame in frames for kind in frame}, reverse=True) or [Kind(TRAINING_VERSION)]


def _versions(records: pd.DataFrame) -> pd.Series[int]:
    """The TRAINING_VERSION of each record; one that names none is of UNNAMED at most."""
    if _VERSION not in records.columns:
        return pd.Series(UNNAMED, index=records.index)
    return pd.to_numeric(records[_VERSION], errors="coerce").fillna(UNNAMED).astype(int)


def _alone(records: pd.DataFrame) -> pd.DataFrame:
    rows = records.reset_index(drop=True)
    empty = [name for name in rows.columns if name.startswith(_OPEN) and rows[name].isna().all()]
    return rows.drop(columns=empty).copy()
