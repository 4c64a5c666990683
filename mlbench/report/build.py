"""`mlbench report`: records in, a folder with the page, tables and figures out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from mlbench.errors import DataError
from mlbench.report.analysis import Analysis
from mlbench.report.claims import check_claims, claims_table
from mlbench.report.collect import collect
from mlbench.report.draw import draw_all
from mlbench.report.folder import PAGE, claim, part
from mlbench.report.garbage import uncollected
from mlbench.report.grid import Grid
from mlbench.report.measures import main_keys
from mlbench.report.merge import merge
from mlbench.report.page.build import Content, page
from mlbench.report.page.single import write_cell_pages
from mlbench.report.replicates import Replicates
from mlbench.report.reproduce import write_suites
from mlbench.report.write import write_documents, write_records, write_tables


@uncollected()
def build(paths: Sequence[Path], output: Path, *, cells: bool, against: Sequence[Path]) -> Path:
    """Write the report of all records under `paths` into the folder `output`; returns its `index.html`.

    Raises DataError where there is no record, or none that finished, and for a folder that is somebody else's.
    """
    merged = merge(paths, against)
    check_something_finished(merged.cells, paths, merged.problems)
    grid = Grid(merged.cells)
    analysis = Analysis(grid, Replicates(grid, paths, main_keys(grid.metric_keys), against), merged.trials)
    claim(output)
    # Figures first: their processes are gone before the tables fill the memory.
    figures = draw_all(analysis, part(output, "figures"))
    tables, findings = collect(analysis), check_claims(analysis)
    title = ", ".join(sorted(merged.cells["suite"].dropna().astype(str).unique())) or output.name
    commands = write_suites(grid.cells, part(output, "suites"))
    write_tables(analysis, tables, part(output, "tables"))
    write_documents(analysis, tables, claims_table(findings), output, title, merged.problems)
    write_records(analysis, output)
    if cells:
        write_cell_pages(analysis, commands, part(output, "cells"))
    content = Content(
        title=title,
        sources=", ".join(str(source) for source in (*paths, *against)),
        tables=tables,
        figures=figures,
        claims=findings,
        commands=commands,
        problems=merged.problems,
        cell_pages=cells,
    )
    index = output / PAGE
    index.write_text(page(analysis, content), encoding="utf-8")
    return index


def check_something_finished(cells: pd.DataFrame, sources: Sequence[Path], problems: Sequence[str]) -> None:
    """Raises DataError, which says how cells failed, where nothing can be reported."""
    where = ", ".join(str(source) for source in sources)
    if cells.empty:
        if problems:
            raise DataError(f"{where}: nothing here that counts: {'; '.join(problems)}")
        raise DataError(f"{where}: no records here; `mlbench run SUITE` makes some")
    if not (cells["status"] == "done").any():
        classes = ", ".join(
            f"{number} {name}" for name, number in cells["error_class"].value_counts().items()
        )
        raise DataError(
            f"{where}: all {len(cells)} cells failed ({classes}); `mlbench status` shows why, "
            "`mlbench run SUITE --retry failed` tries them again"
        )
