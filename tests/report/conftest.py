"""Reports that several tests read: each is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.report import report
from tests.report.synthetic import World, write

GAPS = World(
    failed=[("kmcl", "eurlex127", 1.0, None), ("msc", "reuters21578", 0.1, 1)],
    missing=[("supcon", "go_emotions", 0.1, None)],
    keys=("map", "f1_macro@label", "ranking_loss", "f1_macro@oracle", "map/head", "map/tail"),
    replicates=50,
)
"""A grid with failures, gaps, two families' worth of shared inputs and metrics of both directions."""


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results root with failed and missing cells."""
    return write(tmp_path_factory.mktemp("results"), GAPS)


@pytest.fixture(scope="session")
def made(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the report of `results`, with a page for each cell."""
    return report(results, tmp_path_factory.mktemp("report"), cells=True).parent
