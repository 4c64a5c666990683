"""Cells that go wrong in every way there is: a cell function that `RunOptions.cell_function` names.

What a cell does is its loss's parameter `act`, with `number` for how much of it. Every start and end of a cell
is a line in the file that $MLBENCH_TEST_LOG names, so that tests can count how often each was trained.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlbench.datasets import Dataset
from mlbench.errors import CellTimeoutError, DataError, NonFiniteError
from mlbench.suite import Cell


@dataclass(frozen=True)
class Result:
    """As `mlbench.training.CellResult`, which takes longer to import."""

    parts: dict[str, Any]
    scores: dict[str, Any]
    model: dict[str, Any] | None = None


def log(line: str) -> None:
    """One atomic line in the test's log."""
    with Path(os.environ["MLBENCH_TEST_LOG"]).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def run_cell(
    cell: Cell,
    dataset: Dataset,
    *,
    device: str,
    deadline: float | None,
    micro_batch: int | None,
    on_progress: Callable[[dict[str, Any]], None],
    scores: str,
    keep_model: bool = False,
) -> Result:
    """Do what the cell's loss says, then give small numbers that depend on the cell alone."""
    act, number = cell.loss.parameters["act"], cell.loss.parameters["number"]
    name = f"{cell.dataset}/{cell.seed}/{cell.loss.id}"
    if "MLBENCH_TEST_LOG" in os.environ:
        log(f"start {name}")
    on_progress({"phase": "train", "step": 1, "steps": 2, "loss": 0.5})
    match act:
        case "sleep":
            time.sleep(number)
        case "compute":
            total, end = 0, int(number)
            for step in range(end):
                total += step * step
        case "raise above":
            mended = Path(os.environ["MLBENCH_TEST_LOG"]).with_suffix(".mended").exists()
            if cell.train.head_lr > number and not mended:
                raise RuntimeError(f"fault injected in {name}")
        case "raise":
            raise RuntimeError(f"fault injected in {name}")
        case "exit":
            sys.exit(3)
        case "data":
            raise DataError(f"{dataset.name}, row 3: broken")
        case "nan":
            raise NonFiniteError("the loss was NaN in update 7")
        case "obey":
            while deadline is None or time.monotonic() < deadline:
                time.sleep(0.02)
            raise CellTimeoutError("the time limit passed during update 9")
        case "hang":
            time.sleep(10_000)
        case "spin":
            while True:
                pass
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "kill once":
            if not _been_here(name):
                os.kill(os.getpid(), signal.SIGKILL)
        case "segfault":
            ctypes.string_at(0)
        case "hoard":
            hoard = []
            while True:
                hoard.append(np.ones(4_000_000))
                time.sleep(0.001)
        case "oom":
            if micro_batch is None or micro_batch > number:
                raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        case "warn":
            warnings.warn("something looks odd", stacklevel=1)
            print("a library prints this")
    if "MLBENCH_TEST_LOG" in os.environ:
        log(f"end {name}")
    value = (7 * cell.seed + len(act)) / 100 + cell.train.head_lr
    numbers = {"validation": {"map": value}, "test": {"map": value}}
    parts = {
        "metrics": numbers,
        "timing": {"train": 0.01},
        "device": device,
        "supervisor": os.getppid(),
        "variables": {key: os.environ.get(key) for key in ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")},
        "micro_batch": micro_batch,
    }
    logits = np.full((2, 3), 1e9, dtype=np.float32)
    if act == "large":
        logits = np.random.default_rng(0).standard_normal(int(number), dtype=np.float32)
    model = {"loss": act} if keep_model else None
    return Result(parts, {"test_logits": logits.clip(-65504.0, 65504.0).astype(scores)}, model)


def _been_here(name: str) -> bool:
    lines = Path(os.environ["MLBENCH_TEST_LOG"]).read_text(encoding="utf-8").splitlines()
    return lines.count(f"start {name}") > 1
