"""check: the conformance suite that every built-in loss passes."""

from __future__ import annotations

import json
import sys

import typer

from mlbench.cli import options


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(check)


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
