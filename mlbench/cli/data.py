"""fetch, describe and cache."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from mlbench.cli import options
from mlbench.errors import ConfigError, DataError, UnknownNameError
from mlbench.plain_text import fit
from mlbench.replies import reply


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(fetch)
    app.command()(describe)
    cache = typer.Typer(
        help="List or clear what is kept on this machine.", no_args_is_help=True, rich_markup_mode=None
    )
    cache.command("list")(cache_list)
    cache.command("clear")(cache_clear)
    app.add_typer(cache, name="cache")


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
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """Get every dataset of some suites, or some datasets, before they are needed."""
    from mlbench.datasets.fetching import fetch as fetch_dataset
    from mlbench.registry import load_plugins

    load_plugins(plugin or ())
    wanted = [each for name in names for each in _wanted(name)]
    if given and len(wanted) != 1:
        raise ConfigError(f"--from gives the files of one dataset, here are {len(wanted)}")
    fetched, failed = [], 0
    for loader, parameters in wanted:
        try:
            if not dry_run:
                _say_licence(fetch_dataset(loader, parameters, data_root=data_root, dry_run=True))
            fetched.append(
                fetch_dataset(loader, parameters, data_root=data_root, given=given or (), dry_run=dry_run)
            )
        except DataError as error:
            failed += 1
            print(f"mlbench: {error}", file=sys.stderr)
    if as_json:
        reply(json.dumps([each.to_dict() for each in fetched]))
    else:
        _print(fetched)
    sys.exit(1 if failed else 0)


def _say_licence(plan: Any) -> None:
    """Whose leave a dataset takes, before anything of it is downloaded."""
    if plan.status == "to fetch" or plan.card.restricted:
        warning = ": it restricts what the data may be used for" if plan.card.restricted else ""
        print(f"{plan.name}: licence {plan.card.licence}{warning}", file=sys.stderr)


def describe(
    data: Annotated[str, typer.Argument(metavar="PATH|NAME", help="Your own data, or a dataset by name.")],
    column: options.Columns = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with plots to this file.")] = None,
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """Describe a dataset: its card, sizes, labels, what occurs together, duplicates, a few samples."""
    from mlbench import datasets
    from mlbench.datasets.description.describing import describe as describe_dataset
    from mlbench.datasets.description.html_page import render_html
    from mlbench.datasets.description.plain_text import render_text
    from mlbench.datasets.files.hints import hints_as_options
    from mlbench.datasets.places import given_path
    from mlbench.registry import DATASETS, load_plugins

    load_plugins(plugin or ())
    path = None if data in DATASETS else given_path(data)
    if path is None:
        dataset = datasets.load(data, options.read_columns(column), data_root=data_root)
    else:
        parameters = options.read_columns(column, names=True)
        with hints_as_options():
            dataset = datasets.load("own", {"path": str(path), **parameters}, name=path.stem)
    about = describe_dataset(dataset)
    if html is not None:
        html.write_text(render_html(about, dataset), encoding="utf-8")
        print(f"wrote {html}", file=sys.stderr)
    if as_json:
        reply(json.dumps(about.to_dict()))
        return
    from mlbench.tryout.questions import typed

    print(render_text(about))
    print(fit(f"next: {typed('mlbench try', data, options.read_columns(column, names=path is not None))}"))


def cache_list(as_json: options.AsJson = False) -> None:
    """List what is in the cache: fetched datasets, decoded images, encoded vectors."""
    from mlbench.datasets.cache import cache_entries
    from mlbench.datasets.places import cache_root

    entries = cache_entries()
    if as_json:
        reply(json.dumps([entry.to_dict() for entry in entries]))
        return
    from mlbench.cli.render import print_rows

    print_rows(
        ("kind", "name", "size", "about"),
        [(entry.kind, entry.name, _megabytes(entry.bytes), entry.about[:80]) for entry in entries],
    )
    print(f"{_megabytes(sum(entry.bytes for entry in entries))} in {cache_root()}")


def cache_clear(
    kind: Annotated[
        str | None, typer.Argument(help="Only this kind, as `mlbench cache list` names it.")
    ] = None,
    older_than: Annotated[str | None, typer.Option(help="Only what is older: 12h, 30d.")] = None,
) -> None:
    """Remove what is in the cache. Fetched datasets have to be fetched again."""
    from mlbench.datasets.cache import clear_cache
    from mlbench.suite import duration

    try:
        age = duration(older_than) if older_than else None
    except ValueError as error:
        raise ConfigError(f"--older-than: {error}") from None
    gone = clear_cache(kind, older_than=age)
    print(f"removed {len(gone)} entries, {_megabytes(sum(entry.bytes for entry in gone))}")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def _wanted(name: str) -> list[tuple[str, dict[str, Any]]]:
    """The loaders and parameters that a suite's or dataset's name stands for, each once."""
    from mlbench.registry import DATASETS
    from mlbench.suite import find_suite, load_suite, shipped_suites

    if name in DATASETS:
        return [(DATASETS.describe(name).name, {})]
    shipped = [file.stem for file in shipped_suites()]
    if name not in shipped and not Path(name).suffix:
        raise UnknownNameError("dataset or suite", name, [*DATASETS, *shipped])
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
