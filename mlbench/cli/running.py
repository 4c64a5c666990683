"""run, plan, status."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlbench.cli import options
from mlbench.errors import ConfigError
from mlbench.replies import reply, reply_stream

if TYPE_CHECKING:
    from mlbench.runner import RunOptions
    from mlbench.suite import Suite


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(run)
    app.command()(plan)
    app.command()(status)


def run_request(
    suites: options.Suites,
    results: options.Results = Path("results"),
    loss: options.Losses = None,
    dataset: options.Datasets = None,
    fraction: options.Fractions = None,
    seed: options.Seeds = None,
    settings: options.Settings = None,
    jobs: options.Jobs = None,
    device: options.Device = "auto",
    slots_per_device: options.SlotsPerDevice = 1,
    engine: options.Engine = "loky",
    scheduler: options.Scheduler = None,
    retry: options.Retry = None,
    rerun: options.Rerun = None,
    fail_fast: options.FailFast = False,
    time_limit: options.TimeLimit = None,
    memory_limit: options.MemoryLimit = None,
    checkpoint_every: options.CheckpointEvery = "10m",
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
) -> tuple[list[Suite], RunOptions]:
    """The suites and the terms that the options of `run` and `plan` ask for."""
    from mlbench.runner import RunOptions, parse_interval, parse_size
    from mlbench.suite import duration

    chosen = options.read_suites(suites, settings, plugin, loss)
    try:
        limit = duration(time_limit) if time_limit else None
    except ValueError as error:
        raise ConfigError(f"--time-limit: {error}") from None
    return chosen, RunOptions(
        results=results,
        data_root=data_root,
        selection=options.selection(loss, dataset, fraction, seed),
        engine=engine,  # type: ignore[arg-type] # RunOptions refuses what is none
        scheduler=scheduler,
        jobs=jobs,
        device=device,
        slots_per_device=slots_per_device,
        retry=tuple(retry or ()),
        rerun=rerun,  # type: ignore[arg-type] # likewise
        time_limit=limit,
        memory_limit=parse_size(memory_limit) if memory_limit else None,
        fail_fast=fail_fast,
        checkpoint_every=parse_interval(checkpoint_every),
        plugins=tuple(plugin or ()),
    )


@options.shares(run_request)
def run(suites: list[Suite], terms: RunOptions, *, as_json: options.AsJson = False) -> None:
    """Train and score every cell that has no record yet."""
    from mlbench.runner import run_suites
    from mlbench.runner.monitoring.reporters import reporter

    shown = reporter("json", terms.results, events=reply_stream()) if as_json else None
    sys.exit(run_suites(suites, replace(terms, progress="json" if as_json else "auto"), shown).exit_code)


@options.shares(run_request)
def plan(
    suites: list[Suite],
    terms: RunOptions,
    *,
    measure: Annotated[
        bool, typer.Option("--measure", help="Train a few steps of cells that no record says anything of.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Say what `run` with the same options would do, what is done, how long it will take. Starts nothing, unless
    told to measure."""
    from mlbench.cli.render import plan_json, print_plan
    from mlbench.runner import estimate
    from mlbench.runner import measure as measure_cells
    from mlbench.runner import plan as plan_suites

    planned = plan_suites(suites, terms)
    estimates = measure_cells(planned, terms) if measure else estimate(planned, terms)
    if as_json:
        reply(json.dumps({**plan_json(planned), "estimate": estimates.describe()}))
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
        reply(json.dumps(asdict(found)))
    else:
        print_status(found)
