"""One cell: fit, probe, predict, and the parts of its record.

To read how a cell is trained: `cell` sets up, trains and measures it; `trainer` is the loop; `batches` says which
rows an update sees, `optimisers` how weights are updated. What turns a model into numbers is in `scoring/`.

`run_cell` is loaded when it is first used, with torch.

Tested elsewhere than in a file of their own name:

    streams, trainer: tests/training/test_cell.py
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlbench.training.cell import CellResult, run_cell

__all__ = ["CellResult", "run_cell"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("mlbench.training.cell"), name)
    raise AttributeError(f"module 'mlbench.training' has no attribute {name!r}")
