"""Cells that fail or warn in words that nothing can write: a cell function that `RunOptions.cell_function` names."""

from __future__ import annotations

import warnings
from typing import Any

from mlbench.datasets import Dataset
from mlbench.suite import Cell
from tests.runner.faults import Result

WORDS = "a\x1b[2Jb\udce9c\x07\u202ed\r\ne\tf"


class MuteError(Exception):
    """Cannot be printed."""

    def __str__(self) -> str:
        raise ValueError("no words")


def run_cell(cell: Cell, _dataset: Dataset, **_told: Any) -> Result:
    """Do what the loss's `act` says."""
    match cell.loss.parameters["act"]:
        case "raise":
            raise RuntimeError(WORDS)
        case "mute":
            raise MuteError
        case "warn":
            warnings.warn(WORDS, stacklevel=1)
    numbers = {"validation": {"map": 0.5}, "test": {"map": 0.5}}
    return Result({"metrics": numbers, "timing": {"train": 1.0}}, {})
