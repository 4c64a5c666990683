"""Which records may share a table: those of one TRAINING_VERSION that are all tuned or all not. Results of an older
version stand apart, and marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from mlbench.version import FAULTS, TRAINING_VERSION, UNNAMED

_VERSION = "code/training"
_TRIAL = "cell/trial/number"
_OPEN = ("cell/", "metrics/", "probe_metrics/", "floor_metrics/", "dataset/")
"""Columns that some records have and others not, by how they begin."""


@dataclass(frozen=True, order=True)
class Kind:
    """What all cells of one part of a report have in common."""

    version: int
    tuned: bool = False

    @property
    def words(self) -> str:
        """What its cells are of."""
        return f"TRAINING_VERSION {self.version}{' with tuned hyperparameters' if self.tuned else ''}"

    @property
    def title(self) -> str:
        """What heads a section of its results beside others."""
        if self.tuned and self.version >= TRAINING_VERSION:
            return "Results with tuned hyperparameters"
        return f"Results of {self.words}"

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
        return f"training-{self.version}{'-tuned' if self.tuned else ''}"


def split(records: pd.DataFrame) -> dict[Kind, pd.DataFrame]:
    """The records of each kind, without the columns that only others have."""
    if records.empty:
        return {}
    versions, tuned = _versions(records), _tuned(records)
    found = sorted({Kind(int(version), bool(mark)) for version, mark in zip(versions, tuned, strict=True)})
    if len(found) == 1:
        return {found[0]: records}
    return {kind: _alone(records[(versions == kind.version) & (tuned == kind.tuned)]) for kind in found}


def kind_of(cells: pd.DataFrame) -> Kind:
    """Of cells that may share a table."""
    if cells.empty:
        return Kind(TRAINING_VERSION)
    return Kind(int(_versions(cells).min()), bool(_tuned(cells).any()))


def kinds_of(frames: Iterable[dict[Kind, pd.DataFrame]]) -> list[Kind]:
    """All that there are, the newest first, of one version those with defaults; the present one where there is none."""
    found = {kind for frame in frames for kind in frame} or {Kind(TRAINING_VERSION)}
    return sorted(found, key=lambda kind: (-kind.version, kind.tuned))


def _versions(records: pd.DataFrame) -> pd.Series[int]:
    """The TRAINING_VERSION of each record; one that names none is of UNNAMED at most."""
    if _VERSION not in records.columns:
        return pd.Series(UNNAMED, index=records.index)
    return pd.to_numeric(records[_VERSION], errors="coerce").fillna(UNNAMED).astype(int)


def _tuned(records: pd.DataFrame) -> pd.Series[bool]:
    """Whether each record is of a suite that is tuned."""
    if _TRIAL not in records.columns:
        return pd.Series(False, index=records.index)
    return records[_TRIAL].notna()


def _alone(records: pd.DataFrame) -> pd.DataFrame:
    rows = records.reset_index(drop=True)
    empty = [name for name in rows.columns if name.startswith(_OPEN) and rows[name].isna().all()]
    return rows.drop(columns=empty).copy()
