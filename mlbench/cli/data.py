"""fetch and cache."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from mlbench.cli import options
from mlbench.errors import ConfigError, DataError


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(fetch)


def fetch(
    names: Annotated[
        list[str], typer.Argument(metavar="SUITE|DATASET...", help="Suites, or datasets by name.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say sizes and licences; fetch nothing.")
    ] = False,
    given: Annotated[
        list[Path] | None, typer.Option("--from", help="Files got by hand, of one dataset; repeatable.")
    ] = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """Get every dataset of some suites, or some datasets, before they are needed."""
    from mlbench.datasets.fetching import fetch as fetch_dataset

    wanted = [each for name in names for each in _wanted(name)]
    if given and len(wanted) != 1:
        raise ConfigError(f"--from gives the files of one dataset, here are {len(wanted)}")
    fetched, failed = [], 0
    for loader, parameters in wanted:
        try:
            fetched.append(
                fetch_dataset(loader, parameters, data_root=data_root, given=given or (), dry_run=dry_run)
            )
        except DataError as error:
            failed += 1
            print(f"mlbench: {error}", file=sys.stderr)
    if as_json:
        print(json.dumps([each.to_dict() for each in fetched]))
    else:
        _print(fetched)
    sys.exit(1 if failed else 0)


def _wanted(name: str) -> list[tuple[str, dict[str, Any]]]:
    """The loaders and parameters that a suite's or dataset's name stands for, each once."""
    from mlbench.registry import DATASETS
    from mlbench.suite import find_suite, load_suite

    if name in DATASETS:
        return [(DATASETS.describe(name).name, {})]
    found = {
        (cell.loader, repr(cell.dataset_parameters)): (cell.loader, dict(cell.dataset_parameters))
        for cell in load_suite(find_suite(name)).cells()
    }
    return list(found.values())


def _print(fetched: Sequence[Any]) -> None:
    from mlbench.cli.render import print_rows

    rows = [
        (
            each.name,
            each.status,
            f"{each.bytes / 1e6:,.0f} MB" if each.bytes else "",
            each.card.licence,
            each.folder or each.advice or " ".join(each.urls),
        )
        for each in fetched
    ]
    if rows:
        print_rows(("dataset", "state", "download", "licence", "where"), rows)
