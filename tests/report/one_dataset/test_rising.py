"""Losses that had not finished learning."""

from pathlib import Path
from typing import Any

import pytest

from mlbench.records import Store
from mlbench.report.one_dataset.answer import verdicts
from mlbench.report.one_dataset.words import in_words
from tests.report.synthetic import World, records

WORLD = World(
    losses={"asl": 0.0, "bce": 0.01},
    datasets=("reuters21578",),
    fractions=(1.0,),
    keys=("map", "ap_micro"),
    ceiling=(),
)
FLAT = [0.40, 0.50, 0.50, 0.50, 0.50]
RISING = [0.10, 0.30, 0.40, 0.45, 0.46]


def _said(folder: Path, curves: dict[str, list[float]], **history: Any) -> list[str]:
    store = Store(folder / WORLD.suite)
    store.prepare()
    for record, _ in records(WORLD):
        curve = curves[record["cell"]["loss"]["id"]]
        record["history"]["evaluations"] = [
            {"step": 100 * (place + 1), "epoch": place + 1.0, "map": value, "ap_micro": 0.5, **history}
            for place, value in enumerate(curve)
        ]
        store.write(record, None)
    (found,) = verdicts([folder])
    return [sentence for sentence in in_words(found) if sentence.startswith("Warning")]


def test_a_loss_whose_validation_score_still_rises_is_named(tmp_path: Path) -> None:
    (warning,) = _said(tmp_path, {"asl": RISING, "bce": FLAT})
    assert warning == (
        "Warning: asl still rises on validation at the end of training; more epochs may change the order."
    )


def test_several_are_named_together(tmp_path: Path) -> None:
    (warning,) = _said(tmp_path, {"asl": RISING, "bce": RISING})
    assert "asl and bce still rise" in warning or "bce and asl still rise" in warning


@pytest.mark.parametrize("curve", [FLAT, FLAT[::-1], [0.5], []])
def test_what_is_flat_or_falls_or_has_no_curve_is_not(tmp_path: Path, curve: list[float]) -> None:
    assert _said(tmp_path, {"asl": curve, "bce": FLAT}) == []


def test_what_selected_is_what_is_looked_at(tmp_path: Path) -> None:
    """Records of before the curve had `map` have no such score."""
    assert _said(tmp_path, {"asl": RISING, "bce": FLAT}, map=None) == []
