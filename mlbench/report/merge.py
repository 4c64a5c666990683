"""Records of several places as one frame, published ones marked as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mlbench.records import load_records
from mlbench.report.places import PLACE, one_a_place
from mlbench.report.trials import choose

PUBLISHED = " (published)"
"""What the name of a loss ends in where its numbers come from `--against` and are in the new records too."""


@dataclass(frozen=True)
class Merged:
    """All cells, what was found wrong with the records on the way, and the trials of tuned losses."""

    cells: pd.DataFrame
    problems: tuple[str, ...]
    trials: pd.DataFrame


def merge(paths: Sequence[Path], against: Sequence[Path] = ()) -> Merged:
    """The records under `paths`, and beside them those under `against`.

    A cell counts once, whatever folders it is in; two finished records of it that differ are named. One that
    failed here and finished there is the published one. A place (loss, task, fraction and seed) has one cell;
    others of it are named and left out. What stands in `against` alone keeps its name and is marked by the
    column `published`. A loss of which both sides have cells of one place but of different ids (another
    version, other parameters) gets PUBLISHED after its name there, so that the two are compared, not pooled. Of a
    tuned loss the trial that is best on validation counts, on each side; where that is one and the same cell, and
    elsewhere it is not, the cell stands on both sides, so that neither lacks what tuning left alone.
    """
    new, problems, trials = _chosen(paths, published=False)
    if not against:
        return _one_a_place(new, problems, trials)
    old, more, others = _chosen(against, published=True)
    problems += more
    problems += _one_sided(trials, others)
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
    if len(trials):
        again = shared & both & old["id"].isin(set(trials["place"]))
    old = old.assign(loss=old["loss"].where(~both, old["loss"] + PUBLISHED))[~shared | again]
    return _one_a_place(pd.concat([new, old], ignore_index=True), problems, trials)


def _chosen(paths: Sequence[Path], *, published: bool) -> tuple[pd.DataFrame, list[str], pd.DataFrame]:
    """The records under some paths, what was wrong with them, and the trials that were chosen from."""
    records = load_records(paths)
    chosen = choose(records)
    cells, trials = (
        frame.assign(published=published) if len(frame) else frame for frame in (chosen.cells, chosen.trials)
    )
    return cells, [*records.attrs["problems"], *chosen.problems], trials


def _one_sided(new: pd.DataFrame, old: pd.DataFrame) -> list[str]:
    """That one side is tuned and the other is not."""
    here, there = (bool(len(trials) and (trials["of"] > 1).any()) for trials in (new, old))
    if here == there:
        return []
    tuned, plain = ("new", "published") if here else ("published", "new")
    return [f"the {tuned} results are tuned, the {plain} ones are not, which favours the losses that are"]


def _one_a_place(cells: pd.DataFrame, problems: Sequence[str], trials: pd.DataFrame) -> Merged:
    cells, doubles = one_a_place(cells)
    return Merged(cells, (*problems, *doubles), trials)


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
