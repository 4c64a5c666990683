"""check: the conformance suite that every built-in loss passes. new loss: a file to start from."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from mlbench.cli import options, trying


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(check)
    new = typer.Typer(help="Write files to start from.", no_args_is_help=True, rich_markup_mode=None)
    new.callback()(lambda: None)
    new.command("loss")(new_loss)
    new.command("suite")(trying.new_suite)
    app.add_typer(new, name="new")


def check(name: str, plugin: options.Plugins = None, as_json: options.AsJson = False) -> None:
    """Try a loss: gradients, hard inputs, symmetries, what it declares. Exits with 1 where something fails."""
    from mlbench.registry import LOSSES, load_plugins

    load_plugins(plugin or ())
    declared = LOSSES.describe(name)
    from mlbench.losses import conformance

    verdicts = conformance.check(name)
    if as_json:
        print(json.dumps([verdict.__dict__ for verdict in verdicts]))
    else:
        print(f"{declared.name} ({declared.file})")
        for verdict in verdicts:
            print(f"  {verdict}")
    failed = sum(verdict.passed is False for verdict in verdicts)
    if not as_json:
        print(f"{failed} of {len(verdicts)} properties fail" if failed else "all that applies holds")
    sys.exit(1 if failed else 0)


def new_loss(
    name: str,
    folder: Annotated[
        Path | None, typer.Option(help="Where to write it. Default: mlbench/losses of a checkout.")
    ] = None,
) -> None:
    """Write a loss and its test, which pass `mlbench check` as they stand."""
    from mlbench.declarations import PACKAGE_FOLDER
    from mlbench.losses.parts.scaffold import new_loss as write_loss

    loss, test = write_loss(name, folder)
    built_in = loss.resolve().is_relative_to(PACKAGE_FOLDER)
    print(
        f"wrote {loss}\nwrote {test}\ntry: mlbench check {name}" + ("" if built_in else f" --plugin {loss}")
    )
