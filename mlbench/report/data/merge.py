"""Records of several places as one frame, published ones marked as such."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from mlbench.errors import DataError
from mlbench.records import load_records
from mlbench.report.data.backfill import complete
from mlbench.report.data.kinds import RecordKind, kinds_of, split
from mlbench.report.data.repeats import at_the_places_of_what_they_repeat, set_apart
from mlbench.report.data.superseded import PLACE, one_a_place
from mlbench.report.data.tuned.trials import select_finals
from mlbench.report.wording import count

PUBLISHED = " (published)"
"""What the name of a loss ends in where its numbers come from `--against` and are in the new records too."""


@dataclass(frozen=True)
class Merged:
    """The records of one kind."""

    cells: pd.DataFrame
    """All cells that count."""
    problems: tuple[str, ...]
    """What was found wrong with the records, a sentence each."""
    trials: pd.DataFrame
    """The trials of tuned losses, as `Finals` has them."""
    kind: RecordKind
    repeats: pd.DataFrame
    """The cells that train a loss once more, which is no loss of its own."""

    @property
    def finished(self) -> bool:
        """Whether any of the cells is."""
        return len(self.cells) > 0 and bool((self.cells["status"] == "done").any())


def merge(paths: Sequence[Path], against: Sequence[Path] = (), losses: Collection[str] = ()) -> Merged:
    """The records of the newest kind that finished, as `merge_kinds` has them, if possible of one that has all the
    `losses`; what else there is, and what is wrong with the ones here, stands in the problems."""
    kinds = merge_kinds(paths, against)
    finished = [merged for merged in kinds if merged.finished]
    wanted = [merged for merged in finished if set(losses) <= set(merged.cells["loss"])]
    chosen = next(iter([*wanted, *finished, *kinds]))
    others = [merged for merged in kinds if merged is not chosen]
    said = [chosen.kind.mark.rstrip(".")] if chosen.kind.mark else []
    problems = [problem for merged in kinds for problem in merged.problems]
    left = [
        f"{count(len(merged.cells), 'cell')} of {merged.kind.words}, left out: no table may hold both"
        for merged in others
        if len(merged.cells)
    ]
    return replace(chosen, problems=(*said, *problems, *left))


def merge_kinds(paths: Sequence[Path], against: Sequence[Path] = ()) -> list[Merged]:
    """The records under `paths`, and beside them those under `against`, kind by kind, the newest first.

    Of each kind: a cell counts once, whatever folders it is in; two finished records of it that differ are named. One
    that failed here and finished there is the published one. A place (loss, task, fraction and seed) has one cell;
    others of it are named and left out. What stands in `against` alone keeps its name and is marked by the
    column `published`. A loss of which both sides have cells of one place but of different ids (another
    version, other parameters) gets PUBLISHED after its name there, so that the two are compared, not pooled. Of a
    tuned loss the finals count that its trials choose, on each side; where that is one and the same cell, and elsewhere
    it is not, the cell stands on both sides.
    """
    ours, theirs = (complete(load_records(places)) for places in (paths, against))
    problems = (*ours.attrs["problems"], *theirs.attrs["problems"])
    sides, none = split(ours, theirs), pd.DataFrame()
    merged = [_merge(kind, *(side.get(kind, none) for side in sides)) for kind in kinds_of(sides)]
    return [replace(merged[0], problems=(*problems, *merged[0].problems)), *merged[1:]]


def _merge(kind: RecordKind, ours: pd.DataFrame, theirs: pd.DataFrame) -> Merged:
    """Records of one kind, the published ones being `theirs`."""
    new, again_ours, problems, trials = _finals(ours, published=False)
    if theirs.empty:
        return _one_a_place(new, again_ours, problems, trials, kind)
    old, again_theirs, more, others = _finals(theirs, published=True)
    problems += more
    repeats = pd.concat([again_ours, again_theirs], ignore_index=True).drop_duplicates("id")
    trials = pd.concat([trials, others], ignore_index=True)
    shared = again = pd.Series(False, index=old.index)
    if len(new):
        shared = old["id"].isin(set(new["id"]))
        problems += _conflicts(new, old[shared])
        failed = set(new.loc[new["status"] != "done", "id"]) & set(old.loc[old["status"] == "done", "id"])
        problems += [f"cell {name}: failed here; the published record counts" for name in sorted(failed)]
        new, shared = new[~new["id"].isin(failed)], shared & ~old["id"].isin(failed)
    taken = set(map(tuple, new[PLACE].to_numpy())) if len(new) else set()
    collides = pd.Series([tuple(place) in taken for place in old[PLACE].to_numpy()], index=old.index)
    both = old["loss"].isin(set(old.loc[collides & ~shared, "loss"]))
    if kind.tuned:
        again = shared & both
    old = old.assign(loss=old["loss"].where(~both, old["loss"] + PUBLISHED))[~shared | again]
    return _one_a_place(pd.concat([new, old], ignore_index=True), repeats, problems, trials, kind)


def _finals(
    records: pd.DataFrame, *, published: bool
) -> tuple[pd.DataFrame, pd.DataFrame, list[str], pd.DataFrame]:
    """The cells that count, those of them that repeat a loss, what was wrong with the others, and the trials that were
    chosen from."""
    finals = select_finals(at_the_places_of_what_they_repeat(records))
    cells, repeats, trials = (
        frame.assign(published=published) if len(frame) else frame
        for frame in (*set_apart(finals.cells), finals.trials)
    )
    return cells, repeats, list(finals.problems), trials


def _one_a_place(
    cells: pd.DataFrame,
    repeats: pd.DataFrame,
    problems: Sequence[str],
    trials: pd.DataFrame,
    kind: RecordKind,
) -> Merged:
    cells, doubles = one_a_place(cells)
    repeats, more = one_a_place(repeats)
    return Merged(cells, (*problems, *doubles, *more), trials, kind, repeats)


def _conflicts(new: pd.DataFrame, old: pd.DataFrame) -> list[str]:
    """Cells whose finished records differ between the two sides."""
    keys = [column for column in new.columns if column.startswith("metrics/test/") and column in old.columns]
    ours = new[new["status"] == "done"].set_index("id")[keys]
    theirs = old[old["status"] == "done"].set_index("id")[keys]
    common = ours.index.intersection(theirs.index)
    left, right = ours.loc[common], theirs.loc[common]
    differs = ((left != right) & left.notna() & right.notna()).any(axis=1)
    return [
        f"cell {name}: the published record differs from the new one, which counts"
        for name in common[differs]
    ]


def check_something_finished(cells: pd.DataFrame, sources: Sequence[Path], problems: Sequence[str]) -> None:
    """Raises DataError, which says how cells failed, where nothing can be reported."""
    where = ", ".join(str(source) for source in sources)
    if cells.empty:
        if problems:
            raise DataError(f"{where}: no record here counts: {'; '.join(problems)}")
        raise DataError(f"{where}: no records here; `mlbench run SUITE` makes some")
    if not (cells["status"] == "done").any():
        classes = ", ".join(
            f"{number} {name}" for name, number in cells["error_class"].value_counts().items()
        )
        all_of_them = "the one cell" if len(cells) == 1 else f"all {len(cells)} cells"
        raise DataError(
            f"{where}: {all_of_them} failed ({classes}); `mlbench status` shows why, "
            "`mlbench run SUITE --retry failed` tries them again"
        )
