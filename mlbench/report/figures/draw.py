"""All figures of a report, drawn and saved in as many processes as help."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from mlbench.ending import deaf_children
from mlbench.report.analysis import Analysis
from mlbench.report.figures.jobs import FigureJob, FigureSlot, figure_jobs
from mlbench.report.figures.save import PART, SavedFigure, render_all
from mlbench.safe_path import guard_children

Figures = dict[FigureSlot, SavedFigure]
WORTH_A_PROCESS = 60
"""Figures below which starting further processes costs more than it saves."""
DRAWN_HERE = ("differences",)
"""Slots whose figures need pandas and scipy, which would double the memory of a process that only draws."""


def draw_all(analysis: Analysis, folder: Path, *, processes: int | None = None) -> Figures:
    """Every figure of the main metrics."""
    jobs = figure_jobs(analysis)
    processes = processes or min(len(os.sched_getaffinity(0)), 8)
    if processes == 1 or len(jobs) < WORTH_A_PROCESS:
        saved = render_all([job.draw for job in jobs], folder)
    else:
        here = [job for job in jobs if job.place[0] in DRAWN_HERE]
        away = [job for job in jobs if job.place[0] not in DRAWN_HERE]
        jobs, saved = [*here, *away], _render_both(here, away, folder, processes)
    return {job.place: each for job, each in zip(jobs, saved, strict=True) if each is not None}


def _render_both(
    here: Sequence[FigureJob], away: Sequence[FigureJob], folder: Path, processes: int
) -> list[SavedFigure | None]:
    """The figures of `here` in this process while others draw those of `away`."""
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    guard_children()
    parts = [[job.draw for job in away[start : start + PART]] for start in range(0, len(away), PART)]
    run = Parallel(n_jobs=processes, batch_size=1, return_as="generator")
    ended = False
    try:
        with deaf_children([signal.SIGINT]):
            # loky starts its processes here, and a Ctrl-C would have them say where they stood.
            drawn = run(delayed(render_all)(part, folder) for part in parts)
        saved = render_all([job.draw for job in here], folder)
        for part in drawn:
            saved += part
        ended = True
    finally:
        get_reusable_executor().shutdown(wait=True, kill_workers=not ended)
    return saved
