"""report, rescore, pack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlbench.cli import options


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(report)
    app.command()(rescore)
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


def rescore(
    results: Annotated[Path, typer.Argument(help="A results root, or one suite's folder.")],
    metrics: Annotated[
        list[str] | None, typer.Option(help="Only this metric, by its name; repeatable.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes. Default: one a core.")] = None,
    plugin: options.Plugins = None,
) -> None:
    """Compute all metrics anew from the stored scores. Trains nothing."""
    from collections import Counter

    from mlbench.registry import load_plugins
    from mlbench.runner.rescore import rescore as rescore_records

    load_plugins(plugin or ())
    done = rescore_records(results, metrics=tuple(metrics or ()), jobs=jobs, plugins=tuple(plugin or ()))
    counts = Counter(record.outcome for record in done)
    print(
        f"{len(done)} finished cells: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    )
    for record in done:
        if record.reason:
            print(f"{record.id}: {record.reason}")


def pack(results: Annotated[Path, typer.Argument(help="A results root, or one suite's folder.")]) -> None:
    """Write each suite's records into one records.parquet, as published results are kept."""
    from mlbench.records import stores

    for store in stores(results):
        print(f"wrote {store.pack()}")
