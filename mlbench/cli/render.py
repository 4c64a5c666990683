"""Plans, states of results and lists as tables for a terminal, or as plain values for JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlbench.plain_text import fit
from mlbench.report.wording import count
from mlbench.version import TRAINING_VERSION

if TYPE_CHECKING:
    from mlbench.runner import Estimates, Plan, PlannedCell, Status
    from mlbench.runner.planning.gpu_hours import GpuHours

SHOWN = 10
"""Reasons of failures that a status lists."""

STATES = ("done", "failed", "missing", "not fetched")


def console() -> Console:
    """Standard output; without a terminal wide enough for any row, since a file has no edge."""
    out = Console(highlight=False, soft_wrap=False)
    return out if out.is_terminal else Console(highlight=False, width=200)


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """A table; cells are shown as they are, whatever they hold."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else fit(f"{value}")) for value in row))
    console().print(table)


def print_plan(plan: Plan, estimates: Estimates) -> None:
    """What is done and what a run would do, by suite, dataset and fraction; which claims it could decide; then what is
    missing and why."""
    from mlbench.report.claims.prospects import in_words, prospects
    from mlbench.runner.planning.epochs import raised_epochs
    from mlbench.runner.planning.gpu_hours import gpu_hours
    from mlbench.suite import tuning_in_words

    groups: dict[tuple[str, str, str], Counter[str]] = {}
    for planned in plan.cells:
        cell = planned.cell
        key = (cell.suite, cell.dataset, f"{cell.fraction:g}")
        groups.setdefault(key, Counter())[planned.state] += 1
    print_rows(
        ("suite", "dataset", "fraction", "cells", *STATES),
        [
            (*key, counts.total(), *(counts[state] or "" for state in STATES))
            for key, counts in groups.items()
        ],
    )
    out, states = console(), plan.states
    summed = ", ".join(f"{states[state]} {state}" for state in STATES if states[state])
    trained = len(plan.todo) + len(plan.waiting)
    out.print(Text(f"\n{count(len(plan.cells), 'cell')}: {summed}; a run would train {trained}"))
    for sentence in tuning_in_words(planned.cell for planned in plan.cells):
        out.print(Text(sentence))
    if plan.waiting:
        out.print(Text(f"{len(plan.waiting)} of them once the trials are over that decide their values"))
    if len(estimates.cells) > estimates.unknown:
        out.print(Text(_cost(estimates)))
    else:
        ahead = gpu_hours(planned.cell for planned in plan.cells if planned.state != "done")
        if ahead.trained:
            out.print(Text(gpu_hours_in_words(ahead)))
    for sentence in raised_epochs(planned.cell for planned in (*plan.todo, *plan.waiting)):
        out.print(Text(sentence))
    if plan.taken_over:
        out.print(Text(f"{len(plan.taken_over)} finished in another suite's folder: they are taken over"))
    if plan.stale:
        out.print(
            Text(f"{len(plan.stale)} were finished by other code of their loss: --rerun stale redoes them")
        )
    for sentence in in_words(prospects(planned.cell for planned in plan.cells)):
        out.print(Text(sentence))
    for reason in plan.not_fetched.values():
        out.print(Text(f"\n{reason}"))
    for problem in plan.problems:
        out.print(Text(f"not a record, left out: {problem}"))


def gpu_hours_in_words(found: GpuHours) -> str:
    """What a grid would take on a GPU, by what was measured there, and what is not counted."""
    hours = found.hours
    time = f"{hours:,.0f} hours" if hours >= 2 else f"{60 * hours:.0f} minutes"
    text = (
        f"on one H100 in bf16 {count(found.cells, 'cell')} would take about {time}, by samples a second as measured "
        "there"
    )
    if found.estimated:
        text += f" (of {', '.join(found.estimated)} estimated from their operations)"
    return text + (f"; not counted: {', '.join(found.left_out)}" if found.left_out else "")


def _cost(estimates: Estimates) -> str:
    """Time and memory in words; cells that nothing is known of are left out and said."""
    hours = estimates.device_hours
    time = f"{hours:.1f} device-hours" if hours >= 1 else f"{60 * hours:.0f} device-minutes"
    text = f"about {time}"
    if estimates.host_memory:
        text += f", {estimates.host_memory / 2**30:.1f} GiB of memory a cell"
    if estimates.device_memory:
        text += f", {estimates.device_memory / 2**30:.1f} GiB on the device"
    if estimates.unknown:
        text += f"; nothing is known of {estimates.unknown} of the cells (--measure tries them)"
    return text


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain values: a row a cell, and one a claim; what is not done in hours of a GPU."""
    from mlbench.report.claims.prospects import prospects
    from mlbench.runner.planning.gpu_hours import gpu_hours

    claims = prospects(planned.cell for planned in plan.cells)
    return {
        "cells": [_cell_json(planned) for planned in plan.cells],
        "states": dict(plan.states),
        "to_train": len(plan.todo) + len(plan.waiting),
        "waiting": len(plan.waiting),
        "not_fetched": plan.not_fetched,
        "problems": list(plan.problems),
        "gpu_hours": asdict(gpu_hours(planned.cell for planned in plan.cells if planned.state != "done")),
        "claims": [
            {"name": claim.name, "decidable": claim.decidable, "reason": claim.reason} for claim in claims
        ],
    }


def _cell_json(planned: PlannedCell) -> dict[str, Any]:
    cell = planned.cell
    return {
        "id": planned.id,
        "suite": cell.suite,
        "dataset": cell.dataset,
        "fraction": cell.fraction,
        "seed": cell.seed,
        "encoder": cell.encoder,
        "loss": cell.loss.id,
        "trial": None if cell.trial is None or planned.waits else cell.trial.number,
        "final": cell.trial is not None and cell.trial.final,
        "state": planned.state,
        "reason": planned.reason,
        "todo": planned.todo,
        "stale": planned.stale,
    }


def print_status(status: Status) -> None:
    """Done, failed and running cells of each suite; the best so far; files that are not records."""
    out = console()
    print_rows(
        ("suite", "done", "failed", "running"),
        [
            (suite.name, suite.done, _classes(suite.failed), len(suite.running) or "")
            for suite in status.suites
        ],
    )
    for suite in status.suites:
        if suite.older:
            older = f"{count(suite.older, 'cell')} of {suite.name}"
            out.print(Text(f"{older}: of an older protocol (TRAINING_VERSION below {TRAINING_VERSION})"))
    best = [
        (suite.name, dataset, found.loss, f"{found.value:.4f}")
        for suite in status.suites
        for dataset, found in suite.best.items()
    ]
    if best:
        out.print()
        print_rows(("suite", "dataset", "best loss so far", "mAP on validation"), best)
    failures = [failure for suite in status.suites for failure in suite.failures.values()]
    if failures:
        out.print()
    for failure in failures[:SHOWN]:
        cells = count(failure.cells, "cell")
        out.print(Text(f"{cells} failed, {failure.reason}; record: {failure.record}"))
    if len(failures) > SHOWN:
        out.print(Text(f"and {len(failures) - SHOWN} other reasons (--json has all)"))
    for run in status.runs:
        left = "" if run.left is None else f", about {_minutes(run.left)} left"
        out.print(
            Text(
                f"\na run on {run.host} since {run.started}: {run.finished} of {count(run.cells, 'cell')}{left}"
            )
        )
    for suite in status.suites:
        for problem in suite.problems:
            out.print(Text(f"not a record: {problem}"))


def _classes(failed: Mapping[str, int]) -> str:
    total = sum(failed.values())
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(failed.items()))
    return f"{total} ({kinds})" if total else ""


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
