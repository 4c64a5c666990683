"""A record as it is published: a trial with what its choice was made by, any with no more epochs than a curve needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mlbench.records.schema import READINGS

EPOCHS = 100
"""Of a history; a curve of more looks the same."""
COUNTS = ("label_counts", "seen_counts", "known_counts")


def lean(record: Mapping[str, Any], keys: Collection[str]) -> Mapping[str, Any]:
    """A trial's record with the metrics `keys`, the one it was selected by, and of its history the point that was; any
    other record as it is, but for epochs beyond EPOCHS. Most of a tuned suite's cells are trials, and each would be as
    large as a final cell; on few rows a cell has a thousand epochs, and nothing else of it is as large."""
    trial = record["cell"].get("trial")
    if not trial or trial.get("final") or record["status"] != "done":
        return _with_fewer_epochs(record)
    kept = {*keys, record["cell"]["train"].get("select_metric", "map")}
    thin = dict(record)
    for reading in READINGS:
        if thin.get(reading):
            thin[reading] = {split: _of(numbers, kept) for split, numbers in thin[reading].items()}
    if history := thin.get("history"):
        at = history.get("selected_step")
        rows = [row for row in history.get("evaluations") or () if row["step"] == at]
        thin["history"] = {**history, "epochs": [], "evaluations": rows}
    if about := thin.get("dataset"):
        thin["dataset"] = {name: value for name, value in about.items() if name not in COUNTS}
    return thin


def _with_fewer_epochs(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Evenly spaced ones, the first and the last among them; evaluations stay."""
    history = record.get("history") or {}
    epochs = history.get("epochs") or []
    if len(epochs) <= EPOCHS:
        return record
    last = len(epochs) - 1
    kept = [epochs[round(place * last / (EPOCHS - 1))] for place in range(EPOCHS)]
    return {**record, "history": {**history, "epochs": kept}}


def _of(numbers: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in numbers.items() if key in kept}
