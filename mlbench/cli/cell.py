"""cell and verify: recorded cells trained again."""

from __future__ import annotations

import json
import sys
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlbench.cli import options
from mlbench.errors import DatasetNotFoundError
from mlbench.plain_text import fit, said
from mlbench.replies import reply

if TYPE_CHECKING:
    from mlbench.runner.replay import Replay

SHOWN = 10
"""Numbers that are listed of those that differ."""


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(cell)
    app.command()(verify)


def cell(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="A record's file, or its id.")],
    results: Annotated[
        list[Path] | None,
        typer.Option(
            "--results",
            help="Where to look for an id: a folder or a file of records; repeatable. Default: results.",
        ),
    ] = None,
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
    from mlbench.records import find_record
    from mlbench.registry import load_plugins
    from mlbench.runner.replay import replay
    from mlbench.runner.scheduling.devices import chosen_devices

    load_plugins(plugin or ())
    if device is not None:
        chosen_devices(device)  # one that is not there is no failure of the cell
    recorded, store = find_record(record, *(results or [Path("results")]))
    try:
        found = replay(recorded, store=store, device=device, data_root=data_root)
    except DatasetNotFoundError as error:
        if as_json:
            reply(json.dumps({"record": recorded["id"], "no_data": fit(str(error))}))
        raise
    except Exception as error:
        _say_failure(error, recorded, as_json)
        if debug:
            import pdb

            # Without `.pdbrc`: one in the current folder is somebody's code.
            debugger = pdb.Pdb(readrc=False)
            debugger.reset()
            debugger.interaction(None, error.__traceback__)
        sys.exit(1)
    if as_json:
        reply(json.dumps({**asdict(found), "record": recorded["id"]}))
    else:
        _print(found)


def verify(
    results: Annotated[Path, typer.Argument(help="A results root, or one suite's folder.")],
    cells: Annotated[int, typer.Option("--cells", min=1, help="How many, drawn at random.")] = 5,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Makes the draw the same each time. Default: another each time."),
    ] = None,
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """Train a random sample of recorded cells again, and say of each whether the numbers are the same: to the last
    digit where processor and packages are, else within a tolerance. Writes nothing. Exits with 1 where one is not."""
    from mlbench.runner.verify import TOLERANCE, Verified
    from mlbench.runner.verify import verify as verify_cells

    def say(found: Verified, number: int, of: int) -> None:
        moved = f" (a main metric moved by {found.largest:.2g} at most)" if found.largest else ""
        reason = f": {found.reason}" if found.reason else ""
        print(f"[{number}/{of}] {found.cell}: {found.verdict}{moved}{reason}", flush=True)

    found = verify_cells(
        results,
        cells=cells,
        seed=seed,
        data_root=data_root,
        plugins=tuple(plugin or ()),
        on_cell=None if as_json else say,
    )
    counts = Counter(each.verdict for each in found)
    if as_json:
        reply(json.dumps([asdict(each) for each in found]))
    else:
        print(", ".join(f"{number} {verdict}" for verdict, number in counts.items()))
        if counts["close"]:
            print(
                f"close: on another processor or with other packages, no main metric moved by more than {TOLERANCE}"
            )
    sys.exit(0 if counts["same"] + counts["close"] == len(found) else 1)


def _say_failure(error: Exception, recorded: Mapping[str, Any], as_json: bool) -> None:
    text = fit(said(error))
    then = recorded.get("error") or {}
    same = bool(then) and text in str(then["message"])
    if as_json:
        told = f"{type(error).__name__}: {text}"
        reply(json.dumps({"record": recorded["id"], "error": told, "same": same}))
        return
    print(fit("".join(traceback.format_exception(error))), end="", file=sys.stderr)
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
