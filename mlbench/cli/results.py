"""report, rescore, pack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(report)
    app.command()(pack)


def report(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULTS...", help="Folders of results, or files.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")] = Path(
        "reports/latest"
    ),
) -> None:
    """Write tables, statistics, figures and one page from the records."""
    from mlbench.report import report as write_report

    page = write_report(results, output)
    print(f"wrote {page}")


def pack(results: Annotated[Path, typer.Argument(help="A results root, or one suite's folder.")]) -> None:
    """Write each suite's records into one records.parquet, as published results are kept."""
    from mlbench.records import stores

    for store in stores(results):
        print(f"wrote {store.pack()}")
