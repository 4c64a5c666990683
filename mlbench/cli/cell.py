"""cell: one recorded cell again, in this process."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlbench.cli import options
from mlbench.errors import DatasetNotFoundError

if TYPE_CHECKING:
    from mlbench.runner.replay import Replay

SHOWN = 10
"""Numbers that are listed of those that differ."""


def add_to(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(cell)


def cell(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="A record's file, or its id.")],
    results: Annotated[Path, typer.Option("--results", help="Where to look for an id.")] = Path("results"),
    debug: Annotated[bool, typer.Option("--pdb", help="Start a debugger where the cell fails.")] = False,
    device: Annotated[
        str | None,
        typer.Option("--device", help="cpu, cuda, or cuda:1. Default: what the record was made on."),
    ] = None,
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """Train one recorded cell again in this process, and say how its numbers differ from the record's. Writes
    nothing. Exits with 1 where the cell fails."""
    from mlbench.registry import load_plugins
    from mlbench.runner.replay import find_record, replay

    load_plugins(plugin or ())
    recorded, store = find_record(record, results)
    try:
        found = replay(recorded, store=store, device=device, data_root=data_root)
    except DatasetNotFoundError:
        raise
    except Exception as error:
        _say_failure(error, recorded, as_json)
        if debug:
            import pdb

            pdb.post_mortem(error.__traceback__)
        sys.exit(1)
    if as_json:
        print(json.dumps({**asdict(found), "record": recorded["id"]}))
    else:
        _print(found)


def _say_failure(error: Exception, recorded: Mapping[str, Any], as_json: bool) -> None:
    said = f"{type(error).__name__}: {error}"
    then = recorded.get("error") or {}
    same = bool(then) and str(error) in str(then["message"])
    if as_json:
        print(json.dumps({"record": recorded["id"], "error": said, "same": same}))
        return
    traceback.print_exception(error)
    if not then:
        print(f"the cell fails here, and was done in the record {recorded['id']}")
    elif same:
        print("the cell fails here as in its record")
    else:
        print(f"the cell fails here otherwise than in its record: {then['class']}: {then['message']}")


def _print(found: Replay) -> None:
    from mlbench.cli.render import print_rows

    record, different = found.record, len(found.differences)
    if record["status"] == "failed":
        error = record["error"]
        print(f"the cell is done here; its record says that it failed: {error['class']}: {error['message']}")
    elif not different:
        print(f"all {found.compared} numbers are those of the record, to the last digit")
    else:
        print(f"{different} of {found.compared} numbers differ from the record's; the largest differences:")
        rows = [
            (each.reading, each.split, each.key, _number(each.recorded), _number(each.here))
            for each in found.differences[:SHOWN]
        ]
        print_rows(("reading", "split", "metric", "record", "here"), rows)
    for circumstance in found.circumstances:
        print(circumstance)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
