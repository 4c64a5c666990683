"""Scores and targets to numbers: metrics, threshold policies, uncertainty.

`evaluate` gives every metric of a cell, `bootstrap` their replicates; both read logits as they are stored.
`catalog` says what each key means and which way is better. The names below are loaded when they are first
used; `mlbench.metrics.catalog` never loads torch.

What happens at the edges:

- Logits that are NaN or infinite are refused, half precision is raised to float32 before anything else.
- An entry marked 255 is in no list, count or mean; a sample whose every entry is so marked is in no mean.
- A label without a positive in the split is in no mean over labels; `labels_counted` says how many are.
  AUROC leaves out a label without a negative too. A mean over nothing has no key.
- A sample without labels: LRAP 1, ranking loss and coverage 0, nDCG and P@k 0, one-error 1, sample-F1,
  precision and recall 0 (all as scikit-learn where it has them); recall at k leaves it out.
- A ratio without denominator is 0: precision where nothing is predicted, F1 where nothing is true either,
  MCC where all or none are predicted.
- Equal scores: average precision and LRAP enter the group as a whole, AUROC counts half, the ranking loss
  counts it as wrong, the first k are an expectation over random orders, `@top3` takes the first labels.
- A split without positives has no global cut: it is the logit 0. All positive: everything is predicted.
- A label under 3 positives in validation takes the global cut for `@label`.

Tested elsewhere than in a file of their own name:

    base: tests/metrics/test_registering.py
    evaluation: tests/metrics/test_edges.py
    sorting: tests/metrics/builtin/test_ranking.py
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
