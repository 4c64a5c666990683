"""run, plan, status."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from mlbench.cli import options
from mlbench.errors import ConfigError


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(run)
    app.command()(plan)
    app.command()(status)


def run(
    suites: options.Suites,
    results: options.Results = Path("results"),
    loss: options.Losses = None,
    dataset: options.Datasets = None,
    fraction: options.Fractions = None,
    seed: options.Seeds = None,
    settings: options.Settings = None,
    jobs: Annotated[int | None, typer.Option(help="Cells at once. Default: what the machine bears.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, or cuda:0,1.")] = "auto",
    slots_per_device: Annotated[int, typer.Option(help="Cells that share one device.")] = 1,
    engine: Annotated[str, typer.Option(help="sequential, loky or dask.")] = "loky",
    scheduler: Annotated[str | None, typer.Option(help="The address of a running Dask scheduler.")] = None,
    retry: Annotated[
        list[str] | None, typer.Option(help="Redo cells that failed so: failed, oom, timeout, …; repeatable.")
    ] = None,
    rerun: Annotated[str | None, typer.Option(help="Redo finished cells: all, or stale.")] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first failed cell.")] = False,
    time_limit: Annotated[str | None, typer.Option(help="Of one cell: 90s, 15m, 2h.")] = None,
    memory_limit: Annotated[str | None, typer.Option(help="Of one cell's process: 800M, 8G.")] = None,
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """Train and score every cell that has no record yet."""
    from mlbench.runner import RunOptions, parse_size
    from mlbench.runner import run as run_suites
    from mlbench.suite import duration

    chosen = options.read_suites(suites, settings, plugin, loss)
    try:
        limit = duration(time_limit) if time_limit else None
    except ValueError as error:
        raise ConfigError(f"--time-limit: {error}") from None
    summary = run_suites(
        chosen,
        RunOptions(
            results=results,
            data_root=data_root,
            selection=options.selection(loss, dataset, fraction, seed),
            engine=engine,  # type: ignore[arg-type]  # RunOptions checks it
            scheduler=scheduler,
            jobs=jobs,
            device=device,
            slots_per_device=slots_per_device,
            retry=tuple(retry or ()),
            rerun=rerun,  # type: ignore[arg-type]  # RunOptions checks it
            time_limit=limit,
            memory_limit=parse_size(memory_limit) if memory_limit else None,
            fail_fast=fail_fast,
            plugins=tuple(plugin or ()),
            progress="json" if as_json else "auto",
        ),
    )
    sys.exit(summary.exit_code)


def plan(
    suites: options.Suites,
    results: options.Results = Path("results"),
    loss: options.Losses = None,
    dataset: options.Datasets = None,
    fraction: options.Fractions = None,
    seed: options.Seeds = None,
    settings: options.Settings = None,
    jobs: Annotated[int | None, typer.Option(help="Cells at once, as the run will have it.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, or cuda:0,1.")] = "auto",
    measure: Annotated[
        bool, typer.Option("--measure", help="Train a few steps of cells that no record says anything of.")
    ] = False,
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what a run would do, what is done, how long it will take. Starts nothing, unless told to measure."""
    from mlbench.cli.render import plan_json, print_plan
    from mlbench.runner import RunOptions, estimate
    from mlbench.runner import measure as measure_cells
    from mlbench.runner import plan as plan_suites

    chosen = options.read_suites(suites, settings, plugin, loss)
    terms = RunOptions(
        results=results,
        data_root=data_root,
        selection=options.selection(loss, dataset, fraction, seed),
        jobs=jobs,
        device=device,
        plugins=tuple(plugin or ()),
    )
    planned = plan_suites(chosen, terms)
    estimates = measure_cells(planned, terms) if measure else estimate(planned, terms)
    if as_json:
        print(json.dumps({**plan_json(planned), "estimate": estimates.describe()}))
    else:
        print_plan(planned, estimates)


def status(
    results: Annotated[Path, typer.Argument(help="A folder of results.")], as_json: options.AsJson = False
) -> None:
    """Say what is done, failed and running in a folder of results."""
    from dataclasses import asdict

    from mlbench.cli.render import print_status
    from mlbench.runner import status as read_status

    found = read_status(results)
    if as_json:
        print(json.dumps(asdict(found)))
    else:
        print_status(found)
