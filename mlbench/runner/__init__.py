"""Many cells: planned, spread over slots and devices, each trained in a process of its own, nothing lost.

The way of a cell: `planning` finds that it is to be done, `run` hands it to the slots that `scheduling` opens, where a
supervisor locks it and has a process train it, of which `worker` holds both ends; that loads the data, trains, and
writes the record. `monitoring` shows what has come of it all. `pilot` measures a few steps, `rescore` trains nothing.

Tested elsewhere than in a file of their own name:

    one_suite: tests/runner/test_run.py
    pilot: tests/runner/planning/test_estimate.py
"""

from mlbench.runner.monitoring.status import Status, status
from mlbench.runner.monitoring.summary import RunSummary
from mlbench.runner.options import CELL_FUNCTION, RunOptions, parse_interval, parse_size
from mlbench.runner.pilot import measure
from mlbench.runner.planning.estimate import Estimate, Estimates, estimate
from mlbench.runner.planning.plan import Plan, PlannedCell, plan
from mlbench.runner.run import run_suites

__all__ = [
    "CELL_FUNCTION",
    "Estimate",
    "Estimates",
    "Plan",
    "PlannedCell",
    "RunOptions",
    "RunSummary",
    "Status",
    "estimate",
    "measure",
    "parse_interval",
    "parse_size",
    "plan",
    "run_suites",
    "status",
]
