"""Many cells: planned, spread over slots and devices, each trained in a process of its own, nothing lost.

The way of a cell: `plan` finds that it is to be done, `run` hands it to the slots of an engine, where a
`supervisor` claims it from its `queue` and makes an `attempt` at it in a `child` process, whose `worker`
loads the data, trains, and writes the record.
"""

from mlbench.runner.monitoring.status import Status, status
from mlbench.runner.monitoring.summary import RunSummary
from mlbench.runner.options import CELL_FUNCTION, RunOptions, parse_interval, parse_size
from mlbench.runner.pilot import measure
from mlbench.runner.planning.estimate import Estimate, Estimates, estimate
from mlbench.runner.planning.plan import Plan, PlannedCell, plan
from mlbench.runner.run import run

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
    "run",
    "status",
]
