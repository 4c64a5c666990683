"""try, and new suite: from a file to an answer, or to a suite."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlbench.cli import options
from mlbench.replies import reply

if TYPE_CHECKING:
    from mlbench.tryout.questions import Question, Value


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("try")(try_data)


Data = Annotated[str, typer.Argument(metavar="DATA", help="Your own file or folder, or a dataset by name.")]


def try_data(
    data: Data,
    column: options.Columns = None,
    budget: Annotated[
        str | None, typer.Option(help="The time that it may take: 90s, 10m, 2h. Default: 10m.")
    ] = None,
    losses: Annotated[
        str | None, typer.Option(help="Other losses than the six, by name, with commas: bce,asl.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The folder to write. Default: try/<name of the data>."),
    ] = None,
    model: Annotated[
        bool, typer.Option("--model/--no-model", help="Whether the model of the loss to take is exported.")
    ] = True,
    jobs: options.Jobs = None,
    device: options.Device = "auto",
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """Which loss for your data: read them, run six losses within a time, say which to take and how sure that is, and
    export its model."""
    from mlbench.registry import load_plugins
    from mlbench.runner import RunOptions
    from mlbench.suite.defaults import LOSSES
    from mlbench.tryout.trial import try_data as answer

    load_plugins(plugin or ())
    terms = RunOptions(jobs=jobs, device=device, plugins=tuple(plugin or ()), data_root=data_root)
    found = answer(
        data,
        options.read_columns(column, names=True),
        budget=budget,
        losses=[name.strip() for name in losses.split(",") if name.strip()] if losses else LOSSES,
        output=output,
        model=model,
        ask=ask if _at_terminal() else None,
        say=lambda line: print(line, file=sys.stderr, flush=True),
        options=terms,
    )
    if as_json:
        reply(json.dumps(found.to_dict()))
    else:
        print(f"\n{found}\n\n{found.where}")
    sys.exit(1 if found.verdict.failed else 0)


def new_suite(
    data: Data,
    column: options.Columns = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The file to write. Default: <name of the data>.toml."),
    ] = None,
    data_root: options.DataRoot = None,
) -> None:
    """Write a suite for your data: how they are read, an encoder that this machine carries, six losses."""
    from mlbench.tryout.new_suite import write_suite

    file, said = write_suite(
        data,
        options.read_columns(column, names=True),
        output=output,
        ask=ask if _at_terminal() else None,
        data_root=data_root,
    )
    print("\n".join([*said, f"wrote {file}", f"next: mlbench run {file}"]))


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: Question) -> Value:
    """Put a question to the terminal: the number of an option, or a value of one's own."""
    from mlbench.tryout.questions import short

    print(question.text, file=sys.stderr)
    for number, option in enumerate(question.options, 1):
        print(f"  {number}) {short(option.value)}: {option.why}", file=sys.stderr)
    given = typer.prompt(question.key, default="1" if question.options else None, err=True).strip()
    if given.isdigit() and 0 < int(given) <= len(question.options):
        return question.options[int(given) - 1].value
    value: Value = options.read_columns([f"{question.key}={given}"], names=True)[question.key]
    return value
