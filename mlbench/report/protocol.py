"""The protocol in words, read off the records, and whether it was one and the same for all losses."""

from __future__ import annotations

import pandas as pd

from mlbench.report.grid import Grid
from mlbench.report.trials import DRAWN

_SHOWN = (
    "epochs",
    "min_steps",
    "batch_size",
    "optimiser",
    "encoder_lr",
    "head_lr",
    "weight_decay",
    "schedule",
    "precision",
    "select",
    "probe",
    "augmentation",
)
_RULES = (
    "Every loss sees the same rows, the same initialisation, the same batch order and the same schedule; "
    "what differs is the loss, its heads and its own hyperparameters.",
    "Two readings of every cell: the loss's own logits where it has them (else the probe's), and one and the "
    "same linear probe on the frozen features of every loss.",
    "Thresholds, the epoch that counts and the probe's settings are chosen on validation; no choice looks at "
    "test.",
    "The floor is what the training frequencies reach as constant scores: a model that learnt nothing.",
)
_FACTS = {
    "environment/device": "device",
    "environment/cpu": "processor",
    "environment/git_commit": "git commit",
    "environment/packages/torch": "torch",
    "suite": "suite",
}


def protocol(grid: Grid, trials: pd.DataFrame) -> list[str]:
    """How the cells, and the `trials` of tuned losses, were trained and scored, a sentence each."""
    cells = grid.cells
    lines = [*_RULES, f"Encoders: {_listed(cells, 'encoder')}."]
    tuned = _knobs(trials)
    known = [key for key in _SHOWN if f"cell/train/{key}" in cells.columns and key not in tuned]
    values = {key: cells[f"cell/train/{key}"].dropna().unique() for key in known}
    shared = [f"{key.replace('_', ' ')} {found[0]}" for key, found in values.items() if len(found) == 1]
    varied = [key.replace("_", " ") for key, found in values.items() if len(found) > 1]
    if shared:
        lines.append("Shared by all cells: " + ", ".join(shared) + ".")
    if "adam" in values.get("optimiser", ()):
        lines.append(
            "The weight decay of Adam is coupled, as in the code of the paper whose recipe it is: a loss's scale plays "
            "a part there, and losses that differ in it are not decayed alike."
        )
    lines += _tuning(trials)
    if varied:
        lines.append("Set by dataset, alike for all losses there: " + ", ".join(varied) + ".")
    return lines


def _tuning(trials: pd.DataFrame) -> list[str]:
    """What was tuned; the hyperparameters named elsewhere are the suite's own."""
    if trials.empty or not (trials["of"] > 1).any():
        return []
    knobs = ", ".join(_knobs(trials)).replace("_", " ")
    along = (
        f", and {knobs} along with them, in the same draws for all, so that losses may differ in these too"
    )
    return [
        "Tuned by random search: the hyperparameters of every loss over its own search space"
        f"{along if knobs else ''}. Each dataset, fraction and seed is tuned by itself, and the trial that is best "
        "on validation counts; the first trial has the suite's own values, and counts where other losses were not "
        "tuned."
    ]


def _knobs(trials: pd.DataFrame) -> list[str]:
    """The keys of the protocol that trials drew."""
    columns = [name for pairs in trials[DRAWN] for name, _ in pairs] if len(trials) else []
    return sorted({name.removeprefix("cell/train/") for name in columns if name.startswith("cell/train/")})


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
