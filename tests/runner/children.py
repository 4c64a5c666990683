"""Cells that start processes: a cell function that `RunOptions.cell_function` names; their loss's `act` says which.

Each process that a cell starts writes its number to the file that $MLBENCH_TEST_LOG names.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import numpy as np

from mlbench.datasets import Dataset
from mlbench.suite import Cell
from tests.runner.faults import Result, log

SLEEPS = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"


def run_cell(cell: Cell, _dataset: Dataset, **_told: Any) -> Result:
    """Do what the loss says."""
    act = cell.loss.parameters["act"]
    match act:
        case "fork and go on":
            child = os.fork()
            log(f"child {child or os.getpid()}")
            if not child:
                time.sleep(0.5)
        case "fork and fail":
            if not os.fork():
                time.sleep(0.5)
                raise RuntimeError("of a child")
        case "start" | "start apart" | "start and die":
            apart = act == "start apart"
            child = subprocess.Popen(
                [sys.executable, "-S", "-c", SLEEPS], stdout=subprocess.PIPE, start_new_session=apart
            )
            assert child.stdout is not None
            log(f"child {child.stdout.readline().decode().strip()}")
            if act == "start and die":
                os._exit(3)
        case "start and hang":
            child = subprocess.Popen([sys.executable, "-S", "-c", SLEEPS], stdout=subprocess.PIPE)
            assert child.stdout is not None
            log(f"child {child.stdout.readline().decode().strip()}")
            time.sleep(600)
        case "hoard beside":
            if not os.fork():
                hoard = np.ones(80_000_000)
                time.sleep(600)
                log(str(hoard[0]))
            time.sleep(600)
        case "read input":
            assert sys.stdin.read() == ""
            assert os.read(0, 10) == b""
        case "write nonsense":
            for number in range(3, 40):
                try:
                    os.write(number, b'{"event": "done"}\n[]\nnonsense\n{"event": "done", "nonce": "x"}\n')
                except OSError:
                    continue
    value = len(act) / 100
    numbers = {"validation": {"map": value}, "test": {"map": value}}
    time.sleep(1.0)
    return Result({"metrics": numbers, "timing": {"train": 1.0}}, {})
