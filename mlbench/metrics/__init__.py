"""Scores and targets to numbers: metrics, threshold policies, uncertainty.

The names below are loaded when they are first used; `mlbench.metrics.catalog` never loads torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlbench.metrics.base import Metric
    from mlbench.metrics.bootstrapping import bootstrap
    from mlbench.metrics.evaluation import evaluate, mean_average_precision
    from mlbench.metrics.scored import Scored

_HOMES = {
    "Metric": "mlbench.metrics.base",
    "Scored": "mlbench.metrics.scored",
    "bootstrap": "mlbench.metrics.bootstrapping",
    "evaluate": "mlbench.metrics.evaluation",
    "mean_average_precision": "mlbench.metrics.evaluation",
}

__all__ = ["Metric", "Scored", "bootstrap", "evaluate", "mean_average_precision"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mlbench.metrics' has no attribute {name!r}")
