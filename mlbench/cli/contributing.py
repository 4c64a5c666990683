"""new: files to start from. check: what every loss, dataset, metric and encoder fulfils."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from mlbench.cli import options, trying
from mlbench.errors import UnknownNameError
from mlbench.plain_text import fit
from mlbench.replies import reply

KINDS = {
    "loss": "mlbench.losses.conformance",
    "dataset": "mlbench.datasets.conformance",
    "metric": "mlbench.metrics.conformance",
    "encoder": "mlbench.models.conformance",
}
"""Each kind of contribution, and where its properties are."""

Folder = Annotated[
    Path | None,
    typer.Option(help="Where to write it. Default: where its kind lies in a checkout of mlbench."),
]


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(check)
    new = typer.Typer(help="Write files to start from.", no_args_is_help=True, rich_markup_mode=None)
    new.callback()(lambda: None)
    for command in (loss, dataset, metric, encoder):
        new.command()(command)
    new.command("suite")(trying.new_suite)
    app.add_typer(new, name="new")


def check(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="loss, dataset, metric or encoder.")],
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="As it is registered.")] = None,
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """Try what every one of its kind fulfils, and say of each property whether it holds. A name alone is a loss's.
    Exits with 1 where something fails."""
    from mlbench.registry import REGISTRIES, load_plugins

    load_plugins(plugin or ())
    kind, name = ("loss", kind) if name is None else (kind, name)
    if kind not in KINDS:
        raise UnknownNameError("kind of contribution", kind, KINDS)
    [registry] = [each for each in REGISTRIES if each.kind == kind]
    declared = registry.describe(name.partition(":")[0], data_root=data_root)
    verdicts = importlib.import_module(KINDS[kind]).check(name)
    if as_json:
        reply(json.dumps([verdict.__dict__ for verdict in verdicts]))
    else:
        print(f"{declared.name} ({declared.file})")
        for verdict in verdicts:
            print(fit(f"  {verdict}"))
    failed = sum(verdict.passed is False for verdict in verdicts)
    if not as_json:
        print(f"{failed} of {len(verdicts)} properties fail" if failed else "all that applies holds")
    sys.exit(1 if failed else 0)


def loss(name: str, folder: Folder = None) -> None:
    """Write a loss and its test."""
    _write("loss", name, folder)


def dataset(name: str, folder: Folder = None) -> None:
    """Write a dataset's source and its test."""
    _write("dataset", name, folder)


def metric(name: str, folder: Folder = None) -> None:
    """Write a metric and its test."""
    _write("metric", name, folder)


def encoder(name: str, folder: Folder = None) -> None:
    """Write an encoder and its test."""
    _write("encoder", name, folder)


def _write(kind: str, name: str, folder: Path | None) -> None:
    from mlbench.code.declarations import PACKAGE_FOLDER
    from mlbench.scaffolds.writing import write

    code, test = write(kind, name, folder)
    built_in = code.resolve().is_relative_to(PACKAGE_FOLDER)
    plugin = "" if built_in else f" --plugin {code}"
    print(f"wrote {code}\nwrote {test}\ntry: mlbench check {kind} {name}{plugin}")
