"""Which records may share a table: those of one TRAINING_VERSION that are all tuned or all not, of suites that train
what they share in the same way. Results of an older version stand apart, and marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from mlbench.report.data.protocols import alike
from mlbench.report.wording import listed
from mlbench.version import FAULTS, TRAINING_VERSION, UNNAMED

_VERSION = "code/training"
_TRIAL = "cell/trial/number"
_OPEN = ("cell/", "metrics/", "probe_metrics/", "floor_metrics/", "dataset/")
"""Columns that some records have and others not, by how they begin."""


@dataclass(frozen=True, order=True)
class RecordKind:
    """What all cells of one part of a report have in common."""

    version: int
    """TRAINING_VERSION."""
    tuned: bool = False
    """Whether their hyperparameters are."""
    group: int = 0
    """The number of their group of suites, where those of one version train one dataset in several ways."""
    suites: tuple[str, ...] = ()
    """The suites of that group."""

    @property
    def words(self) -> str:
        """What its cells are of."""
        tuned = " with tuned hyperparameters" if self.tuned else ""
        of = f" ({listed(self.suites)})" if self.suites else ""
        return f"TRAINING_VERSION {self.version}{tuned}{of}"

    @property
    def title(self) -> str:
        """What heads a section of its results beside others."""
        if self.version < TRAINING_VERSION:
            return f"Results of {self.words}"
        of = f" of {listed(self.suites)}" if self.suites else ""
        return f"Results{of} with {'tuned' if self.tuned else 'default'} hyperparameters"

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
        return f"training-{self.version}{'-tuned' if self.tuned else ''}{f'-{self.group + 1}' if self.suites else ''}"


def split(*frames: pd.DataFrame) -> list[dict[RecordKind, pd.DataFrame]]:
    """The records of each kind in each of some frames, without the columns that only others have."""
    kinds = _kinds(pd.concat([frame for frame in frames if len(frame)] or [pd.DataFrame()]))
    return [_split(frame, kinds) for frame in frames]


def _split(records: pd.DataFrame, kinds: Sequence[RecordKind]) -> dict[RecordKind, pd.DataFrame]:
    if records.empty:
        return {}
    if len(kinds) == 1:
        return {kinds[0]: records}
    found = {kind: records[_of_kind(records, kind)] for kind in kinds}
    return {kind: _alone(rows) for kind, rows in found.items() if len(rows)}


def _kinds(records: pd.DataFrame) -> list[RecordKind]:
    """All that there are; suites are kept apart only where some train one dataset in several ways."""
    if records.empty:
        return []
    pairs = sorted(set(zip(_versions(records), _tuned(records), strict=True)))
    kinds = []
    for whole in (RecordKind(int(version), bool(tuned)) for version, tuned in pairs):
        groups = alike(records[_of_kind(records, whole)], tuned=whole.tuned)
        divided = [replace(whole, group=group, suites=suites) for group, suites in enumerate(groups)]
        kinds += divided if len(groups) > 1 else [whole]
    return kinds


def _of_kind(records: pd.DataFrame, kind: RecordKind) -> pd.Series[bool]:
    rows = (_versions(records) == kind.version) & (_tuned(records) == kind.tuned)
    if kind.suites:
        rows &= records["suite"].fillna("").astype(str).isin(kind.suites)
    return rows


def kind_of(cells: pd.DataFrame) -> RecordKind:
    """Of cells that may share a table."""
    if cells.empty:
        return RecordKind(TRAINING_VERSION)
    return RecordKind(int(_versions(cells).min()), bool(_tuned(cells).any()))


def kinds_of(sides: Sequence[dict[RecordKind, pd.DataFrame]]) -> list[RecordKind]:
    """All that there are on some sides, the newest first; of one version what the first side has, then what is tuned,
    then the group with the most cells. The present one where there is none."""
    found = {kind for side in sides for kind in side} or {RecordKind(TRAINING_VERSION)}
    own = sides[0] if sides else {}
    return sorted(found, key=lambda kind: (-kind.version, kind not in own, not kind.tuned, kind.group))


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
