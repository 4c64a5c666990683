"""What is published of a trial is enough for the choice; of any other record a curve has fewer points."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mlbench.records import Store
from mlbench.records.lean import EPOCHS, lean
from mlbench.suite import score_of
from tests.records.least import LEAST_CELL

KEYS = ("map", "f1_macro@label")


def record(*, trial: bool | None = True, metric: str = "map", status: str = "done") -> dict[str, Any]:
    """Of a trial, of a final where `trial` is False, of a suite that is not tuned where it is None."""
    numbers = {"map": 0.5, "f1_macro@label": 0.25, "lrap": 0.125, "map/tail": 0.75}
    cell: dict[str, Any] = {**LEAST_CELL, "train": {"select_metric": metric}}
    if trial is not None:
        cell["trial"] = {"number": 1, "final": not trial}
    return {
        "schema": 1,
        "id": "a" * 20,
        "status": status,
        "error": None if status == "done" else {"class": "oom", "message": ""},
        "cell": cell,
        "metrics": {"validation": numbers, "test": numbers},
        "probe_metrics": None,
        "floor_metrics": {"validation": numbers, "test": numbers},
        "history": {
            "epochs": [{"loss": 1.0}] * 50,
            "evaluations": [
                {"step": 10, "map": 0.3, "lrap": 0.2},
                {"step": 20, "map": 0.5, "f1_macro@label": 0.2},
            ],
            "steps": 20,
            "selected_step": 20,
        },
        "dataset": {"labels": 3, "label_counts": {"train": [1, 2, 3]}, "seen_counts": [1, 2, 3]},
        "timing": {"total": 3.0},
    }


@pytest.mark.parametrize("metric", ["map", "f1_macro@label", "lrap"])
def test_the_choice_reads_the_same_of_a_lean_trial(metric: str) -> None:
    whole = record(metric=metric)
    thin = lean(whole, KEYS)
    assert score_of(thin) == score_of(whole)
    assert set(thin["metrics"]["test"]) == {*KEYS, metric}
    assert set(thin["floor_metrics"]["validation"]) == {*KEYS, metric}
    assert thin["history"]["epochs"] == []
    assert [row["step"] for row in thin["history"]["evaluations"]] == [20]
    assert thin["dataset"] == {"labels": 3}
    assert thin["timing"] == whole["timing"]


@pytest.mark.parametrize("whole", [record(trial=False), record(trial=None), record(status="failed")])
def test_other_records_are_published_whole(whole: dict[str, Any]) -> None:
    assert lean(whole, KEYS) == whole


def test_of_a_thousand_epochs_a_hundred_are_published_the_first_and_the_last_among_them() -> None:
    whole = record(trial=False)
    epochs = [{"epoch": number, "loss": 1.0} for number in range(1000)]
    history = {**whole["history"], "epochs": epochs}
    thin = lean({**whole, "history": history}, KEYS)
    kept = [each["epoch"] for each in thin["history"]["epochs"]]
    assert len(kept) == EPOCHS
    assert (kept[0], kept[-1]) == (0, 999)
    assert {after - before for before, after in pairwise(kept)} == {10, 11}
    assert {**thin, "history": history} == {**whole, "history": history}, "nothing else is touched"
    assert thin["history"]["evaluations"] == history["evaluations"]
    assert lean(thin, KEYS) == thin


def test_packing_makes_trials_lean_and_leaves_their_own_files(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.prepare()
    store.write(record())
    store.write({**record(trial=False), "id": "b" * 20})
    store.pack(KEYS)
    assert store.read("a" * 20)["metrics"] == record()["metrics"]
    for file in store.cells_folder.iterdir():
        file.unlink()
    assert store.read("a" * 20) == lean(record(), KEYS)
    assert store.read("b" * 20) == {**record(trial=False), "id": "b" * 20}
    store.pack(KEYS)
    assert store.read("a" * 20) == lean(record(), KEYS)
