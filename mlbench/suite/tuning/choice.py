"""Which trial of a tuned loss is trained anew: the best on validation. The test split has no say in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

DIGITS = 12
"""To which means are rounded before they are compared, so that what is equal ties however it was summed."""


def choose(scores: Mapping[int, Sequence[float | None]]) -> int:
    """The number of the trial that is chosen, from the score on each seed of the trials by their number.

    A score is None where the cell failed, and NaN where the metric is not defined. A trial that finished on more seeds
    goes before one that finished on fewer, then the better mean counts, of equal ones the earlier trial. Where none
    finished the first is taken: what the suite says is then trained, and fails for all to see.
    """

    def order(number: int) -> tuple[int, float, int]:
        there = [score for score in scores[number] if score is not None]
        mean = round(math.fsum(there) / len(there), DIGITS) if there else math.nan
        return -len(there), math.inf if math.isnan(mean) else -mean, number

    return min(scores, key=order)


def score_of(record: Mapping[str, Any]) -> float | None:
    """What a choice reads of a record: its score on validation by the metric that its protocol selects by.

    A metric with thresholds is read in the history, at the point that was selected: there they were tuned on one half
    of validation and scored on the other.
    """
    if record["status"] != "done":
        return None
    metric = record["cell"]["train"].get("select_metric", "map")
    found = selected(record["history"]) if "@" in metric else (record.get("metrics") or {}).get("validation")
    value = (found or {}).get(metric)
    return math.nan if value is None else float(value)


def selected(history: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row of a record's history that the cell's weights are of; empty where it is not there."""
    step = history.get("selected_step")
    return next((row for row in history.get("evaluations") or () if row["step"] == step), {})
