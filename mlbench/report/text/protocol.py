"""The protocol in words, read off the records, and whether it was one and the same for all losses."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mlbench.report.data.grid import Grid, fraction_order
from mlbench.report.data.measures import measure
from mlbench.report.data.tuned.drawn import DRAWN
from mlbench.report.text.conditions import conditions, values
from mlbench.report.wording import count, listed

_FACTS = {
    "environment/device": "device",
    "environment/cpu": "processor",
    "environment/git_commit": "git commit",
    "environment/packages/torch": "torch",
    "suite": "suite",
}


def protocol(grid: Grid, trials: pd.DataFrame) -> list[str]:
    """How the cells, and the `trials` of tuned losses, were trained and scored, a sentence each."""
    tuned = _drawn(trials)
    lines = [_shared(tuned), _readings(grid), _chosen(grid)]
    lines.append(
        "The floor is what the training frequencies reach as constant scores: a model that learnt nothing."
    )
    lines += conditions(grid, tuned)
    if "adam" in values(grid, "optimiser"):
        lines.append(
            "Adam's weight decay is coupled, as in the code of the paper whose recipe it is: how strongly it acts "
            "depends on a loss's scale, which differs between losses."
        )
    if "sgd" in values(grid, "optimiser"):
        lines.append(
            "SGD's steps are as large as the loss, as in the code of the paper whose recipe it is: a loss that sums "
            "learns faster than one that averages."
        )
    return [*lines, *_tuning(trials)]


def _shared(tuned: Sequence[str]) -> str:
    own = "its heads and its own hyperparameters"
    if tuned:
        own = f"its heads, its own hyperparameters and what was tuned along with them ({', '.join(tuned)})"
    return (
        "Every loss of a dataset, fraction and seed sees the same rows, starts from the same encoder and is trained "
        f"under the same protocol; what differs is the loss, {own}."
    ).replace("_", " ")


def _readings(grid: Grid) -> str:
    probed = values(grid, "probe") or {"all"}
    text = (
        "Two readings: the loss's own logits where it has them (else the probe's), and the same linear probe for every "
        "loss, on the features as they are after training"
    )
    if probed == {"all"}:
        return f"{text}."
    where = "" if probed == {"needed"} else " on some datasets"
    return f"{text}; it was trained{where} for losses without logits alone."


def _chosen(grid: Grid) -> str:
    selected = values(grid, "select") or {"best"}
    rest = "thresholds and the probe's settings are chosen on validation; no choice looks at test."
    if selected == {"best"}:
        return f"The point of training that counts, {rest}"
    if selected == {"last"}:
        return f"The end of training counts; {rest}"
    return f"The point of training that counts (where select is best; else its end), {rest}"


def _tuning(trials: pd.DataFrame) -> list[str]:
    """What was tuned, and how often an edge was chosen; the hyperparameters named elsewhere are the suite's own."""
    if trials.empty or not (trials["of"] > 1).any():
        return []
    shared = ", ".join(_drawn_for_all(trials)).replace("_", " ")
    along = f" and over {shared}, in the same draws for all: losses may differ in these too" if shared else ""
    seeds = ", ".join(map(str, sorted(set(trials["seed"]))))
    by = listed([measure(key).title for key in sorted(set(trials["metric"]))])
    fractions = trials.loc[trials["other_fractions"], "fraction"]
    if fractions.empty:
        tuned = "Each dataset and fraction was tuned by itself, with trials"
    else:
        at = " and ".join(f"{fraction:g}" for fraction in sorted(set(fractions), key=fraction_order))
        tuned = f"Each dataset was tuned at fraction {at} for all fractions, with trials"
    lines = [
        f"Random search tuned the hyperparameters of every loss over its own search space{along}. {tuned} on seed "
        f"{seeds}; the first trial has the suite's own values. The values that were best on validation, by {by}, were "
        "trained anew on the other seeds, and these final cells alone stand in the tables.",
    ]
    if trials["tuned_elsewhere"].any():
        lines.append(
            "The trials had another encoder or another protocol than the final cells: what was best there need not be "
            "best here, for any loss."
        )
    return [*lines, _edges(trials)]


def _edges(trials: pd.DataFrame) -> str:
    at_edge, by_name, choices = edges_chosen(trials)
    if not at_edge:
        return f"None of {count(choices, 'choice')} lies at an edge of the shared grid."
    names = ", ".join(f"{name.replace('_', ' ')} {times}" for name, times in by_name.items())
    lie = "lies" if at_edge == 1 else "lie"
    return (
        f"{at_edge} of {count(choices, 'choice')} {lie} at an edge of the shared grid ({names}): better values may be "
        "beyond it."
    )


def _drawn(trials: pd.DataFrame) -> list[str]:
    """The keys of the protocol that trials drew."""
    columns = [name for pairs in trials[DRAWN] for name, _ in pairs] if len(trials) else []
    return sorted({name.removeprefix("cell/train/") for name in columns if name.startswith("cell/train/")})


def _drawn_for_all(trials: pd.DataFrame) -> list[str]:
    """Those that trials of all losses drew: what only some drew stands in the search space of these."""
    return sorted(set.intersection(*(set(_drawn(rows)) for _, rows in trials.groupby("loss"))))


def environment(grid: Grid, trials: pd.DataFrame) -> list[tuple[str, str]]:
    """Code, packages and devices that the records name, and the hours of all cells and `trials`."""
    cells = grid.cells
    facts = [(name, _listed(cells, column)) for column, name in _FACTS.items() if column in cells.columns]
    days = (
        cells["finished"].dropna().astype(str).str[:10]
        if "finished" in cells.columns
        else pd.Series(dtype=str)
    )
    if len(days):
        first, last = days.min(), days.max()
        facts.append(("trained", first if first == last else f"{first} to {last}"))
    if "timing/total" in cells.columns:
        seconds = pd.to_numeric(cells.drop_duplicates("id")["timing/total"], errors="coerce").sum()
        if len(trials):
            others = trials[~trials["id"].isin(cells["id"])].drop_duplicates("id")
            seconds += others["seconds"].sum()
        hours = seconds / 3600
        facts.append(
            ("training and scoring", f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes")
        )
    return facts


def _listed(cells: pd.DataFrame, column: str) -> str:
    values = [str(value) for value in cells[column].dropna().unique()]
    return ", ".join(values[:6]) + (f" and {len(values) - 6} more" if len(values) > 6 else "")


def edges_chosen(trials: pd.DataFrame) -> tuple[int, dict[str, int], int]:
    """How many choices lie at an edge of the shared grid, of each shared hyperparameter how many, and how many choices
    there are."""
    if trials.empty:
        return 0, {}, 0
    chosen = trials[trials["chosen"]].drop_duplicates("place")
    by_name: dict[str, int] = {}
    for edge in (edge for edges in chosen["edges"] for edge in edges):
        name = edge.rsplit("/", 1)[-1]
        by_name[name] = by_name.get(name, 0) + 1
    at_edge = sum(bool(edges) for edges in chosen["edges"])
    return at_edge, dict(sorted(by_name.items(), key=lambda item: (-item[1], item[0]))), len(chosen)
