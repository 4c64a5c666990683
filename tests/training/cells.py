"""Small real cells on built-in data."""

from __future__ import annotations

import functools
import json
from typing import Any

from mlbench import datasets
from mlbench.datasets import Dataset
from mlbench.suite import Cell, parse_suite
from mlbench.training import CellResult, run_cell

DATA: dict[str, dict[str, Any]] = {
    "synthetic-features": {"samples": 400, "labels": 8},
    "synthetic-topics": {"samples": 400, "labels": 8},
    "digit-scenes": {"samples": 240},
}
ENCODERS = {"synthetic-features": "features", "synthetic-topics": "bag", "digit-scenes": "conv"}
SHORT = {"epochs": 2, "min_steps": 12, "batch_size": 32, "probe_steps": 20, "evaluations": 2}


def make_cell(
    loss: str = "bce",
    dataset: str = "synthetic-features",
    encoder: Any = None,
    fraction: float = 1.0,
    seed: int = 0,
    loss_parameters: dict[str, Any] | None = None,
    **train: Any,
) -> Cell:
    """One cell of a suite written for it."""
    parameters = "\n".join(f"{key} = {json.dumps(value)}" for key, value in DATA[dataset].items())
    chosen = encoder or ENCODERS[dataset]
    encoder_text = (
        "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in chosen.items()) + " }"
        if isinstance(chosen, dict)
        else json.dumps(chosen)
    )
    entry = {"name": loss, **(loss_parameters or {})}
    loss_text = "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in entry.items()) + " }"
    text = f"""
name = "test"
seeds = [{seed}]
fractions = [{fraction}]
losses = [{loss_text}]
[[datasets]]
name = "{dataset}"
encoder = {encoder_text}
{parameters}
"""
    overrides = {f"train.{key}": value for key, value in {**SHORT, **train}.items()}
    (cell,) = parse_suite(text, "test", overrides).cells()
    return cell


@functools.cache
def load(dataset: str) -> Dataset:
    return datasets.load(dataset, DATA[dataset])


def run(loss: str = "bce", dataset: str = "synthetic-features", **options: Any) -> CellResult:
    """Train one short cell; `micro_batch`, `deadline` and `checkpoint` go to `run_cell`, all else to `make_cell`."""
    own = {key: options.pop(key) for key in ("micro_batch", "deadline", "checkpoint") if key in options}
    return run_cell(make_cell(loss, dataset, **options), load(dataset), **own)
