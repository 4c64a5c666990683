"""The commands: each parses, calls one function and prints. Nothing heavy is imported at start.

Tested elsewhere than in a file of their own name:

    cell, contributing, data, listing, render, results, running, trying: tests/cli
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from mlbench.cli import cell, contributing, data, exporting, listing, results, running, trying
from mlbench.errors import MlbenchError
from mlbench.plain_text import fit, prepare_streams, said
from mlbench.safe_path import guard_children
from mlbench.spinning import spin_briefly

app = typer.Typer(
    help="Which loss should I train a multi-label classifier with?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("mlbench"))
        raise typer.Exit


@app.callback()
def _shared(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_say_version, help="Say the version.")
    ] = False,
) -> None: ...


for commands in (trying, running, cell, results, listing, contributing, data, exporting):
    commands.add_to(app)


def main() -> None:
    """The entry point `mlbench`. Exit codes: 0 all done, 1 some cells failed, 2 bad usage or configuration."""
    prepare_streams()
    guard_children()
    spin_briefly(os.environ)
    try:
        app()
    except MlbenchError as error:
        print(f"mlbench: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe such as `| head` has gone: there is nobody left to tell.
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        # A disk that is full, has turned read-only, or has gone.
        where = fit(f"{error.filename}: ") if error.filename else ""
        print(f"mlbench: {where}{fit(error.strerror or said(error))}", file=sys.stderr)
        sys.exit(2)
