"""The report: records in; the page, tables, figures and statistics out. Never loads torch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def report(paths: Path | str | Iterable[Path | str], output: Path | str) -> Path:
    """Write the report of all records under `paths` into the folder `output`; returns its `index.html`.

    Raises DataError where there is no record, or none that finished.
    """
    from mlbench.report.build import build

    given = [paths] if isinstance(paths, Path | str) else list(paths)
    return build([Path(path) for path in given], Path(output))
