"""Cells that take many steps and keep a checkpoint: a cell function that `RunOptions.cell_function` names.

Every step is a line in the file that $MLBENCH_TEST_LOG names. What is special in a cell is its loss's `act`:
"die once" ends the process right after its first checkpoint, "deaf" never stops when it is told to.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from mlbench.datasets import Dataset
from mlbench.errors import CellStoppedError
from mlbench.suite import Cell
from mlbench.training.checkpoint import Checkpoint
from tests.runner.faults import Result, log


def run_cell(cell: Cell, _dataset: Dataset, *, checkpoint: Checkpoint | None = None, **_told: Any) -> Result:
    """As many steps of 0.02 s as the loss's `number` says; the result is the sum of their numbers."""
    act, number = cell.loss.parameters["act"], int(cell.loss.parameters["number"])
    state = (checkpoint.load() if checkpoint else None) or {"step": 0, "total": 0}
    begun = state["step"]
    log(f"start {cell.loss.id} {begun}")
    while state["step"] < number:
        time.sleep(0.02)
        state = {"step": state["step"] + 1, "total": state["total"] + state["step"]}
        log(f"step {cell.loss.id} {state['step']}")
        if checkpoint is not None and act != "deaf" and checkpoint.due():
            checkpoint.save(state)
            if checkpoint.stop():
                raise CellStoppedError(f"stopped after step {state['step']}")
            if act == "die once" and begun == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    value = state["total"] / 10**6
    numbers = {"validation": {"map": value}, "test": {"map": value}}
    return Result({"metrics": numbers, "timing": {"train": 1.0}, "begun": begun}, {})
