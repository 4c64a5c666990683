"""One suite run from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlbench.runner.monitoring.summary import RunSummary
from mlbench.runner.options import RunOptions
from mlbench.runner.run import run_suites
from mlbench.suite import Suite, find_suite, load_suite


def run_suite(suite: Suite | Path | str, results: Path | str = "results", **options: Any) -> RunSummary:
    """Train and score every cell of a suite, its file or its name, that has no record under `results` yet.

    `options` are those of `mlbench run`, by their names in `RunOptions`: `jobs=2`, `device="cpu"`,
    `progress="none"`, `retry=("failed",)`, … Raises ConfigError for a suite or an option that does not fit.
    """
    chosen = suite if isinstance(suite, Suite) else load_suite(find_suite(str(suite)))
    return run_suites([chosen], RunOptions(results=Path(results), **options))
