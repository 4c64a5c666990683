"""The protocol in words, read off the records, and whether it was one and the same for all losses."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mlbench.report.data.grid import Grid
from mlbench.report.data.trials import DRAWN, edges_chosen
from mlbench.report.text.conditions import conditions, values

_FACTS = {
    "environment/device": "device",
    "environment/cpu": "processor",
    "environment/git_commit": "git commit",
    "environment/packages/torch": "torch",
    "suite": "suite",
}


def protocol(grid: Grid, trials: pd.DataFrame) -> list[str]:
    """How the cells, and the `trials` of tuned losses, were trained and scored, a sentence each."""
    tuned = _knobs(trials)
    lines = [_alike(tuned), _readings(grid), _chosen(grid)]
    lines.append(
        "The floor is what the training frequencies reach as constant scores: a model that learnt nothing."
    )
    lines += conditions(grid, tuned)
    if "adam" in values(grid, "optimiser"):
        lines.append(
            "The weight decay of Adam is coupled, as in the code of the paper whose recipe it is: a loss's scale plays "
            "a part there, and losses that differ in it are not decayed alike."
        )
    return [*lines, *_tuning(trials)]


def _alike(tuned: Sequence[str]) -> str:
    own = "its heads and its own hyperparameters"
    if tuned:
        own = f"its heads, its own hyperparameters and what was tuned along with them ({', '.join(tuned)})"
    return (
        "Every loss of a dataset, fraction and seed sees the same rows, starts from the same encoder and is trained "
        f"under the same protocol; what differs is the loss, {own}."
    ).replace("_", " ")


def _readings(grid: Grid) -> str:
    probed = values(grid, "probe") or {"all"}
    text = "Two readings: the loss's own logits where it has them (else the probe's), and one and the same linear probe"
    if probed == {"all"}:
        return f"{text} on the features, as they are after training, of every loss."
    where = "" if probed == {"needed"} else " on some datasets"
    return f"{text} on the features, as they are after training; it was trained{where} for losses without logits alone."


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
    knobs = ", ".join(_shared_knobs(trials)).replace("_", " ")
    along = (
        f", and {knobs} along with them, in the same draws for all, so that losses may differ in these too"
    )
    seeds = ", ".join(map(str, sorted(set(trials["seed"]))))
    return [
        "Tuned by random search: the hyperparameters of every loss over its own search space"
        f"{along if knobs else ''}. Each dataset and fraction is tuned by itself, with trials on seed {seeds}, the "
        "first of them with the suite's own values. What was best on validation there was trained anew on the other "
        "seeds, and these final cells alone stand in the tables.",
        _edges(trials),
    ]


def _edges(trials: pd.DataFrame) -> str:
    at_edge, knobs, contests = edges_chosen(trials)
    if not at_edge:
        return f"No edge of the shared grid was chosen in {contests} choices."
    told = ", ".join(f"{knob.replace('_', ' ')} {times}" for knob, times in knobs.items())
    return (
        f"An edge of the shared grid was chosen in {at_edge} of {contests} choices ({told}): beyond it there may be "
        "better values."
    )


def _knobs(trials: pd.DataFrame) -> list[str]:
    """The keys of the protocol that trials drew."""
    columns = [name for pairs in trials[DRAWN] for name, _ in pairs] if len(trials) else []
    return sorted({name.removeprefix("cell/train/") for name in columns if name.startswith("cell/train/")})


def _shared_knobs(trials: pd.DataFrame) -> list[str]:
    """Those that trials of all losses drew: what only some drew stands in the search space of these."""
    return sorted(set.intersection(*(set(_knobs(rows)) for _, rows in trials.groupby("loss"))))


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
