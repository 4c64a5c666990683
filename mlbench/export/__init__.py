"""A trained cell as a folder that runs without mlbench, and what such a folder says of new rows.

`export_cell` and `predict` are loaded when they are first used, with torch.

Tested elsewhere than in a file of their own name:

    about: tests/export/test_predicting.py
    kept, native, network, program, readme: tests/export/test_cell.py
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlbench.export.cell import Exported, export_cell
    from mlbench.export.predicting import predict

_HOMES = {
    "Exported": "mlbench.export.cell",
    "export_cell": "mlbench.export.cell",
    "predict": "mlbench.export.predicting",
}

__all__ = ["Exported", "export_cell", "predict"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mlbench.export' has no attribute {name!r}")
