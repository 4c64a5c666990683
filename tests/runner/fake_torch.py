"""Cells on a GPU that is none: a cell function that `RunOptions.cell_function` names, and a torch that it brings along.

Devices whose name is in $MLBENCH_TEST_UNUSABLE cannot be used; none has memory while there is a file of the name in
$MLBENCH_TEST_FULL. A cell whose loss's act is "assert" poisons the process
as a failed assertion in a kernel does; "quietly assert" does so and then fails of something else.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from mlbench.datasets import Dataset
from mlbench.errors import NonFiniteError
from mlbench.suite import Cell
from tests.runner import faults

ASSERTION = "CUDA error: device-side assert triggered"


class Product:
    """The ones, and their product, of 64 times 64."""

    def __matmul__(self, other: Product) -> Product:
        return self

    def sum(self) -> float:
        return 64.0**3


class FakeCuda:
    """torch.cuda as far as a worker uses it."""

    poisoned = ""
    fraction = 1.0

    def init(self) -> None:
        if os.environ["CUDA_VISIBLE_DEVICES"] in os.environ.get("MLBENCH_TEST_UNUSABLE", "").split(","):
            raise RuntimeError(
                "CUDA error: no kernel image is available for execution on the device\nmore of it"
            )
        if Path(os.environ.get("MLBENCH_TEST_FULL", "-")).exists():
            raise RuntimeError("CUDA error: out of memory")

    def get_device_properties(self, device: str) -> SimpleNamespace:
        return SimpleNamespace(total_memory=80 * 2**30)

    def set_per_process_memory_fraction(self, fraction: float, device: str) -> None:
        self.fraction = fraction

    def synchronize(self, device: str) -> None:
        if self.poisoned:
            raise RuntimeError(self.poisoned)

    def empty_cache(self) -> None:
        self.synchronize("")


def fake() -> Any:
    """A module called torch."""
    torch: Any = ModuleType("torch")
    torch.cuda, torch.ones = FakeCuda(), lambda *_, **__: Product()
    torch.version, torch.__version__ = SimpleNamespace(cuda="13.0"), "2.99"
    torch.set_num_threads = lambda _: None
    return torch


def run_cell(cell: Cell, dataset: Dataset, **told: Any) -> faults.Result:
    act = cell.loss.parameters["act"]
    if "assert" in act:
        sys.modules["torch"].cuda.poisoned = ASSERTION
        faults.log(f"start {cell.dataset}/{cell.seed}/{cell.loss.id}")
        raise (
            NonFiniteError("the loss was NaN in update 7")
            if act == "quietly assert"
            else RuntimeError(ASSERTION)
        )
    sys.modules["torch"].cuda.synchronize("")
    result = faults.run_cell(cell, dataset, **told)
    result.parts["fraction"] = sys.modules["torch"].cuda.fraction
    return result


if "mlbench.runner.worker" in sys.orig_argv:
    sys.modules["torch"] = fake()
