"""run, plan, status."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlbench.cli import options
from mlbench.errors import ConfigError

if TYPE_CHECKING:
    from mlbench.runner import RunOptions
    from mlbench.suite import Suite


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
    as_json: options.AsJson = False,
) -> None:
    """Train and score every cell that has no record yet."""
    chosen, terms = _request(locals())
    from mlbench.runner import run_suites

    sys.exit(run_suites(chosen, replace(terms, progress="json" if as_json else "auto")).exit_code)


def plan(
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
    measure: Annotated[
        bool, typer.Option("--measure", help="Train a few steps of cells that no record says anything of.")
    ] = False,
    plugin: options.Plugins = None,
    data_root: options.DataRoot = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what `run` with the same options would do, what is done, how long it will take. Starts nothing, unless
    told to measure."""
    chosen, terms = _request(locals())
    from mlbench.cli.render import plan_json, print_plan
    from mlbench.runner import estimate
    from mlbench.runner import measure as measure_cells
    from mlbench.runner import plan as plan_suites

    planned = plan_suites(chosen, terms)
    estimates = measure_cells(planned, terms) if measure else estimate(planned, terms)
    if as_json:
        print(json.dumps({**plan_json(planned), "estimate": estimates.describe()}))
    else:
        print_plan(planned, estimates)


def _request(given: Mapping[str, Any]) -> tuple[list[Suite], RunOptions]:
    """The suites and the terms that the options of `run` and `plan` ask for, by the names they have there."""
    from mlbench.runner import RunOptions, parse_interval, parse_size
    from mlbench.suite import duration

    suites = options.read_suites(given["suites"], given["settings"], given["plugin"], given["loss"])
    try:
        limit = duration(given["time_limit"]) if given["time_limit"] else None
    except ValueError as error:
        raise ConfigError(f"--time-limit: {error}") from None
    alike = ("results", "data_root", "engine", "scheduler", "jobs", "device", "slots_per_device", "rerun")
    return suites, RunOptions(
        **{name: given[name] for name in alike},
        selection=options.selection(given["loss"], given["dataset"], given["fraction"], given["seed"]),
        retry=tuple(given["retry"] or ()),
        time_limit=limit,
        memory_limit=parse_size(given["memory_limit"]) if given["memory_limit"] else None,
        checkpoint_every=parse_interval(given["checkpoint_every"]),
        fail_fast=given["fail_fast"],
        plugins=tuple(given["plugin"] or ()),
    )


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
