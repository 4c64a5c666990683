"""Tuned losses in the records: their trials, the one that is chosen, and the final cells that were trained with it.

The choice is the one that a run makes (`mlbench.suite.choose`): on validation; the test split has no say in it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlbench.report.data.naming import name_losses, name_tasks
from mlbench.report.data.tuned.drawn import DRAWN, MARK, NUMBER, as_the_suite_has_it
from mlbench.report.data.tuned.shortfalls import Reason, Shortfall, sentences
from mlbench.suite import choose, selected
from mlbench.suite.tuning.finals import SPARED

_INNER = ["suite", "finished", "task", "at", "seeds", "final", "key", "score"]
"""Columns that are for the choice alone."""

_CONTEST = ["loss", "task", "at"]
"""What the trials that one is chosen from have in common."""


@dataclass(frozen=True)
class Finals:
    """What counts of records of one kind."""

    cells: pd.DataFrame
    """The cells that count; of a tuned suite the finals of what is chosen."""
    trials: pd.DataFrame
    """All trials that they were chosen from, a row each.

    `id`, `place` (the id of a final of the same loss and task: where the trial stands in a grid), `chosen`, `loss`,
    `family`, `fraction`, `seed`, `trial`, `of`, `done`, the score on `validation` that decided, that on `test`, their
    `metric`, the `seconds` it took, DRAWN and the `edges` among it; whether its finals have `other_fractions`, and
    whether they have another encoder or protocol than it (`tuned_elsewhere`). `merge` adds whether they are
    `published`.
    """
    problems: tuple[str, ...] = ()
    """What was wrong with the others, a sentence each."""


def select_finals(cells: pd.DataFrame) -> Finals:
    """Of records of one kind: all of suites that are not tuned, else the finals whose values are those of the trial
    that is chosen now.

    How many trials there are, and on which seeds, the earliest trial of a suite says, of several suites the most;
    those beyond do not count. A failed trial is spent like any other. Where trials are missing nothing is chosen, so
    that no loss is judged by fewer than it was promised. Finals of another choice, as before a retry, do not count.
    """
    if NUMBER not in cells.columns or cells[NUMBER].isna().all():
        return Finals(cells, pd.DataFrame())
    cells = cells.reset_index(drop=True)
    plain = as_the_suite_has_it(cells)
    older = _of(cells, f"{MARK}seeds").isna()
    table = pd.DataFrame() if older.all() else _table(cells, plain, np.flatnonzero(~older))
    kept: list[int] = []
    short: list[Shortfall] = []
    trials = []
    for where, contest in table.groupby(_CONTEST, sort=True) if len(table) else ():
        loss, task = str(where[0]), str(where[1])
        finals, tried = contest[contest["final"]], _current(contest[~contest["final"]])
        wanted = _wanted(tried)
        if len(tried) < wanted or not wanted:
            reason: Reason = "trials missing" if wanted else "no trials"
            short.append(Shortfall(reason, loss, task, len(finals), len(tried), wanted))
            continue
        number = choose(
            {int(rows["trial"].iloc[0]): list(rows["score"]) for _, rows in tried.groupby("trial")}
        )
        chosen = tried["trial"] == number
        same = finals["key"] == tried.loc[chosen, "key"].iloc[0]
        if (others := int((~same).sum())) > 0:
            short.append(Shortfall("another choice", loss, task, others))
        if not same.any():
            short.append(Shortfall("not trained anew", loss, task))
            continue
        kept += finals.index[same].tolist()
        fraction = float(tried["fraction"].iloc[0])
        trials.append(
            tried.assign(
                chosen=chosen,
                place=_place(finals[same], fraction),
                other_fractions=bool((finals["fraction"] != fraction).any()),
            )
        )
    counting = plain.loc[sorted(kept)].reset_index(drop=True)
    problems = [*_older(int(older.sum())), *sentences(short)]
    if not trials:
        return Finals(counting, pd.DataFrame(), tuple(problems))
    every = pd.concat(trials, ignore_index=True)
    return Finals(counting, every.drop(columns=_INNER), (*problems, *_unequal(every)))


def _table(cells: pd.DataFrame, plain: pd.DataFrame, rows: Any) -> pd.DataFrame:
    """What decides, a row for each cell of a tuned suite."""
    loss, task = name_losses(plain), name_tasks(plain)
    here, own = cells.loc[rows], plain.loc[rows]
    fraction, at = here["fraction"], here.get(f"{MARK}fraction", pd.Series(np.nan, index=rows))
    found = pd.DataFrame(
        {
            "id": here["id"],
            "suite": here["suite"].fillna("").astype(str),
            "loss": loss.loc[rows],
            "task": task.loc[rows],
            "at": pd.to_numeric(at, errors="coerce").fillna(fraction),
            "family": _of(here, "dataset/family").fillna(here["dataset"]).astype(str),
            "fraction": fraction,
            "seed": here["seed"],
            "final": here[f"{MARK}final"].astype(bool),
            "trial": here[NUMBER].astype(int),
            "of": here[f"{MARK}of"].astype(int),
            "seeds": [tuple(seeds) for seeds in here[f"{MARK}seeds"]],
            "done": here["status"] == "done",
            "finished": _of(here, "finished").fillna("").astype(str),
            "metric": _of(own, "cell/train/select_metric").fillna("map").astype(str),
            "seconds": pd.to_numeric(_of(own, "timing/total"), errors="coerce"),
            "edges": [[f"cell/{place}" for place in edges] for edges in here[f"{MARK}edges"]],
            "key": [repr(sorted(pairs, key=repr)) for pairs in own[DRAWN]],
            "tuned_elsewhere": _elsewhere(here),
            DRAWN: own[DRAWN],
        }
    )
    for split in ("validation", "test"):
        found[split] = [
            _score(row, metric, split)
            for row, metric in zip(own.to_dict("records"), found["metric"], strict=True)
        ]
    scores = zip(found["validation"], found["done"], strict=True)
    found["score"] = pd.Series([score if done else None for score, done in scores], rows, dtype=object)
    return found


def _elsewhere(trials: pd.DataFrame) -> pd.Series[Any]:
    """Whether a trial says that its finals differ in more than what every trial is spared."""
    spared = {f"train/{name}" for name in SPARED}
    return pd.Series(
        [
            isinstance(pairs, list) and any(place not in spared for place, _ in pairs)
            for pairs in _of(trials, f"{MARK}spared")
        ],
        index=trials.index,
    )


def _of(cells: pd.DataFrame, column: str) -> pd.Series[Any]:
    return cells[column] if column in cells else pd.Series(None, index=cells.index, dtype=object)


def _score(row: Mapping[Hashable, Any], metric: str, split: str) -> float:
    """A cell's score by the metric that its protocol selects by, on validation as a choice reads it."""
    value = row.get(f"metrics/{split}/{metric}")
    if split == "validation" and "@" in metric:
        history = {name: row.get(f"history/{name}") for name in ("selected_step", "evaluations")}
        value = selected(history).get(metric) if isinstance(history["evaluations"], list) else None
    return float("nan") if value is None else float(value)


def _current(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials that there are by now, on their seeds; of several records of one the finished, newest."""
    trials = trials.sort_values(["trial", "done", "finished", "id"], ascending=[True, False, False, False])
    if trials.empty:
        return trials
    of_suites = trials.drop_duplicates("suite")
    pairs = zip(of_suites["of"].tolist(), of_suites["seeds"].tolist(), strict=True)
    of, seeds = max(pairs, key=lambda pair: (pair[0], len(pair[1])))
    within = trials[(trials["trial"] < of) & trials["seed"].isin(seeds)]
    found: pd.DataFrame = within.drop_duplicates(["trial", "seed"])
    return found.assign(of=of, seeds=[seeds] * len(found))


def _wanted(trials: pd.DataFrame) -> int:
    """How many there are to be."""
    return 0 if trials.empty else int(trials["of"].iloc[0]) * len(trials["seeds"].iloc[0])


def _place(finals: pd.DataFrame, fraction: float) -> str:
    """The id of a final at the fraction of the trials, or at the largest there is."""
    there = finals.assign(elsewhere=finals["fraction"] != fraction)
    return str(
        there.sort_values(["elsewhere", "fraction", "seed"], ascending=[True, False, True])["id"].iloc[0]
    )


def _unequal(trials: pd.DataFrame) -> Iterator[str]:
    """Tasks on which not all tuned losses were given as many trials."""
    for task, rows in trials.groupby("task", sort=True):
        budgets = rows.groupby("of")["loss"].agg(lambda losses: ", ".join(sorted(set(losses))))
        if len(budgets) > 1:
            given = "; ".join(f"{budget:.0f} for {losses}" for budget, losses in budgets.items())
            yield f"{task}: tuned losses were given different numbers of trials: {given}"


def _older(trials: int) -> list[str]:
    """Trials of the time when each seed was tuned by itself, and the best trial counted."""
    if not trials:
        return []
    return [
        f"{trials} trials of an older version of mlbench do not count: it did not train the chosen values anew"
    ]
