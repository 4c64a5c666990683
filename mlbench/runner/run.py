"""The driver of a run: plan, take over, spread, sum up. Loads no torch and trains nothing itself."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from mlbench.runner.monitoring.guarded import guarded
from mlbench.runner.monitoring.monitor import Monitor
from mlbench.runner.monitoring.reporters import Reporter, reporter
from mlbench.runner.monitoring.summary import RunSummary, sum_up
from mlbench.runner.options import CELL_FUNCTION, RunOptions
from mlbench.runner.planning.checks import check_losses, check_precision
from mlbench.runner.planning.epochs import raised_epochs
from mlbench.runner.planning.plan import Plan, plan
from mlbench.runner.planning.reuse import rename, take_over
from mlbench.runner.scheduling.cleanup import clean
from mlbench.runner.scheduling.devices import chosen_devices, troubles
from mlbench.runner.scheduling.engines import Engine, open_engine
from mlbench.runner.scheduling.job import RunJob
from mlbench.runner.scheduling.plugins import read_plugins
from mlbench.runner.scheduling.run_lock import RunLock
from mlbench.runner.worker.environment import now
from mlbench.suite import Suite

NO_REASON = "the slots ended and left cells, and nothing says why; the same command goes on with these"
HANGUP = getattr(signal, "SIGHUP", None)


class Interruption:
    """Ctrl-C once finishes what runs, twice stops it; SIGTERM stops it, and so does a connection that drops, unless
    that is ignored already, as under `nohup`. What is stopped leaves a checkpoint. After that signals act as usual."""

    def __init__(self, run_lock: RunLock, monitor: Monitor) -> None:
        self.signal = 0
        self._run_lock, self._monitor = run_lock, monitor

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        first, self.signal = self.signal == 0, number
        if number == signal.SIGINT and first:
            self._run_lock.finish_up()
            self._monitor.note("finishing what runs; Ctrl-C again stops it")
            return
        self._run_lock.stop()
        self._monitor.note(
            "stopping: what runs is checkpointed where it can be; Ctrl-C again stops it outright"
        )
        signal.signal(signal.SIGINT, signal.default_int_handler)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Answer the signals meanwhile; only a main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = [signal.SIGINT, signal.SIGTERM]
        if HANGUP is not None and signal.getsignal(HANGUP) is not signal.SIG_IGN:
            numbers.append(HANGUP)
        earlier = [signal.signal(number, self) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, earlier, strict=True):
                signal.signal(number, handler)


def run_suites(suites: Sequence[Suite], options: RunOptions, shown: Reporter | None = None) -> RunSummary:
    """Do every cell of the suites that has no record yet (and those to retry or redo).

    Raises ConfigError or UnknownNameError for a request that cannot be met, DataError where results cannot
    be written at all.
    """
    shown = guarded(shown or reporter(options.progress, options.results))
    planned = plan(suites, options)
    if options.engine != "dask":
        # A cluster's devices are not this host's: there the cell says it.
        ahead = (*planned.todo, *planned.waiting)
        check_precision((cell.cell for cell in ahead), options.device)
    if options.cell_function == CELL_FUNCTION:
        # Another one need not build them.
        check_losses((cell.cell for cell in planned.todo), options.plugins)
    _say(planned, options, shown)
    for store in planned.stores:
        if planned.todo or planned.taken_over or planned.renamed:
            store.prepare()
        clean(store)
    for cell in sorted(planned.taken_over, key=lambda cell: str(cell.id)):
        # In the order in which packed records lie.
        assert cell.source is not None
        assert cell.id is not None
        take_over(cell.id, cell.cell, cell.source, cell.store)
    for cell in planned.renamed:
        assert cell.id is not None
        rename(cell.id, cell.cell, cell.store)
    if planned.todo:
        with open_engine(options, len(planned.todo) + len(planned.waiting)) as engine:
            summary = spread(planned, options, engine, shown)
        for store in planned.stores:
            # Another run may have been killed meanwhile, and its cells done here.
            clean(store)
    else:
        summary = sum_up(planned)
    shown.summed_up(summary)
    return summary


def spread(planned: Plan, options: RunOptions, engine: Engine, shown: Reporter) -> RunSummary:
    """Have the engine's slots do what is to be done, and monitor it."""
    job = RunJob(
        run_lock=RunLock(planned.todo[0].store),
        tasks=tuple(cell.task() for cell in planned.todo),
        waiting=tuple(planned.contests),
        device=options.device,
        slots_per_device=options.slots_per_device,
        slots_at=engine.slots_at,
        time_limit=options.time_limit,
        memory_limit=options.memory_limit,
        fail_fast=options.fail_fast,
        checkpoint_every=options.checkpoint_every,
        plugins=read_plugins(options.plugins),
        data_root=None if options.data_root is None else options.data_root.absolute(),
        folder=Path.cwd(),
        variables={key: value for key, value in os.environ.items() if key.startswith(("MLBENCH_", "HF_"))},
        cell_function=options.cell_function,
    )
    monitor = Monitor(job, shown)
    interruption = Interruption(job.run_lock, monitor)
    suites = sorted({task.cell.suite for task in job.tasks})
    job.run_lock.start({"cells": monitor.tally.total, "suites": suites, "started": now()})
    try:
        with interruption.listening(), monitor:
            reasons = engine.spread(job, monitor.note)
        trace = "" if interruption.signal or monitor.reason else job.run_lock.trace
    finally:
        job.run_lock.stop()
    came_out = planned.settled()
    for cell in planned.shared:
        trained = next(other for other in planned.todo if other.id == cell.id)
        if cell.id is not None and cell.store != trained.store:
            take_over(cell.id, cell.cell, trained.store, cell.store)
    for before, cell in zip(planned.cells, came_out.cells, strict=True):
        if before is not cell and cell.source is not None and not cell.todo and cell.id is not None:
            take_over(cell.id, cell.cell, cell.source, cell.store)
    if monitor.tally.finished == monitor.tally.total:
        # What some slots could not do, others did.
        reasons = []
    if monitor.tally.finished < monitor.tally.total and not (
        interruption.signal or monitor.reason or reasons
    ):
        reasons = [trace or NO_REASON]
    reason = "; ".join(filter(None, [monitor.reason, *reasons]))
    checkpointed = sum(cell.task().checkpointed for cell in came_out.todo)
    return sum_up(came_out, monitor.tally, reason, interruption.signal, checkpointed)


def _say(planned: Plan, options: RunOptions, shown: Reporter) -> None:
    """What a user should know before it starts."""
    for problem in planned.problems:
        shown.note(f"not a record, left out: {problem}")
    for dataset, remedy in planned.not_fetched.items():
        shown.note(f"not fetched: {dataset}\n{remedy}")
    if planned.todo and options.device != "cpu" and options.engine != "dask":
        # A cluster's devices are not this host's: there a slot says it.
        else_cpu = "" if chosen_devices(options.device) else "; cells run on the CPU"
        for trouble in troubles():
            shown.note(f"devices: {trouble}{else_cpu}")
    for sentence in raised_epochs(cell.cell for cell in (*planned.todo, *planned.waiting)):
        shown.note(sentence)
    if planned.without_model:
        cells = "cell" if len(planned.without_model) == 1 else "cells"
        shown.note(
            f"{len(planned.without_model)} finished {cells} kept no model; `--rerun all` trains again and keeps it"
        )
    if planned.stale and options.rerun is None:
        losses = ", ".join(sorted({cell.cell.loss.name for cell in planned.stale}))
        shown.note(
            f"{len(planned.stale)} finished cells came from other code of {losses}; "
            "`--rerun stale` redoes them"
        )
