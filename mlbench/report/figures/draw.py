"""Which figures a report has: each a small job of plain arrays, drawn and saved in as many processes as help."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import show_fraction
from mlbench.report.figures.curves import learning_curves
from mlbench.report.figures.data import (
    bucket_means,
    curve_panels,
    label_gaps,
    relative_cost,
    task_ranks,
    training_history,
)
from mlbench.report.figures.matrices import rank_map, win_matrix
from mlbench.report.figures.save import PART, Draw, Picture, render_all
from mlbench.report.figures.scatter import against_cost, against_labels, by_frequency
from mlbench.report.figures.significance import critical_differences, profiles
from mlbench.report.figures.style import Looks, Subject, looks
from mlbench.report.figures.training import training_curves
from mlbench.report.figures.tuning import budget_curves
from mlbench.report.statistics import (
    critical_difference,
    normalise,
    performance_profile,
)
from mlbench.report.tables.scores import READING_WORDS, file_name

Place = tuple[str | int, ...]
"""A slot of the page and the choices under which it shows a figure."""
Figures = dict[Place, Picture]
WORTH_A_PROCESS = 60
"""Figures below which starting further processes costs more than it saves."""


DRAWN_HERE = ("differences",)
"""Slots whose figures need pandas and scipy, which would double the memory of a process that only draws."""


class Job(NamedTuple):
    """Where a figure goes and how it is drawn."""

    place: Place
    draw: Draw


def draw_all(analysis: Analysis, folder: Path, *, processes: int | None = None) -> Figures:
    """Every figure of the main metrics."""
    jobs = [
        *_curve_jobs(analysis),
        *_training_jobs(analysis),
        *_tuning_jobs(analysis),
        *_view_jobs(analysis),
    ]
    processes = processes or min(len(os.sched_getaffinity(0)), 8)
    if processes == 1 or len(jobs) < WORTH_A_PROCESS:
        pictures = render_all([job.draw for job in jobs], folder)
    else:
        here = [job for job in jobs if job.place[0] in DRAWN_HERE]
        away = [job for job in jobs if job.place[0] not in DRAWN_HERE]
        jobs, pictures = [*here, *away], _render_both(here, away, folder, processes)
    return {job.place: picture for job, picture in zip(jobs, pictures, strict=True) if picture is not None}


def _render_both(
    here: Sequence[Job], away: Sequence[Job], folder: Path, processes: int
) -> list[Picture | None]:
    """The figures of `here` in this process while others draw those of `away`."""
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    parts = [[job.draw for job in away[start : start + PART]] for start in range(0, len(away), PART)]
    run = Parallel(n_jobs=processes, batch_size=1, return_as="generator")
    drawn = run(delayed(render_all)(part, folder) for part in parts)
    pictures = render_all([job.draw for job in here], folder)
    for part in drawn:
        pictures += part
    get_reusable_executor().shutdown(wait=True)
    return pictures


def look_of(analysis: Analysis) -> Looks:
    """The looks of all losses; those that lead in what the page opens with are told apart best."""
    losses, default = analysis.grid.losses, analysis.default
    leaders = [] if default is None else [losses[index] for index in analysis.summary(default).order]
    return looks(losses, leaders)


def _view_jobs(analysis: Analysis) -> Iterator[Job]:
    grid, look = analysis.grid, look_of(analysis)
    for view in analysis.views(analysis.main):
        subject, summary = _subject(analysis, view), analysis.summary(view)
        leaders = [grid.losses[index] for index in summary.order]
        tasks = np.flatnonzero(grid.has_fraction(view.fraction)).tolist()
        there = [index for index in summary.order if not np.isnan(summary.mean[index, tasks]).all()]
        names = [grid.losses[index] for index in there]
        task_names = [grid.task_names[task] for task in tasks]
        ranks = task_ranks(analysis, view, there, tasks)
        yield Job(("ranks", *view), partial(rank_map, subject, names, task_names, ranks))
        yield Job(
            ("cost", *view),
            partial(against_cost, subject, look, names, *relative_cost(analysis, view, there)),
        )
        yield Job(
            ("labels", *view), partial(against_labels, subject, look, leaders, *label_gaps(analysis, view))
        )
        buckets, *values = bucket_means(analysis, view)
        ordered = [array[summary.order] for array in values]
        yield Job(("buckets", *view), partial(by_frequency, subject, look, leaders, buckets, *ordered))
        yield from _block_jobs(analysis, view, subject)


def _block_jobs(analysis: Analysis, view: View, subject: Subject) -> Iterator[Job]:
    """Figures of what can be compared across families."""
    blocks, ranking, look = analysis.blocks(view), analysis.ranking(view), look_of(analysis)
    if blocks is None or ranking is None or blocks.count == 1:
        return
    losses = [ranking.losses[index] for index in ranking.order]
    scores = blocks.scores[:, ranking.order]
    wins = (scores[:, :, None] > scores[:, None]).mean(0) + 0.5 * (
        scores[:, :, None] == scores[:, None]
    ).mean(0)
    np.fill_diagonal(wins, np.nan)
    yield Job(("wins", *view), partial(win_matrix, subject, losses, wins))
    p = analysis.nemenyi(view)
    if p is not None:
        distance = critical_difference(len(losses), blocks.count)
        ordered = p[np.ix_(ranking.order, ranking.order)]
        yield Job(
            ("differences", *view),
            partial(critical_differences, subject, look, losses, ranking.ranks[ranking.order], ordered, distance,
                    blocks.count),
        )  # fmt: skip
    normalised = normalise(analysis.grid, blocks, view.fraction)
    if normalised.by_task:
        thresholds = np.linspace(-0.2, 1.2, 141)
        shares = performance_profile(normalised, thresholds)
        yield Job(
            ("profiles", *view),
            partial(profiles, subject, look, losses, normalised.losses, thresholds, shares),
        )


def _curve_jobs(analysis: Analysis) -> Iterator[Job]:
    look = look_of(analysis)
    last = {view[:2]: view for view in analysis.views(analysis.main)}
    for (key, reading), view in last.items():
        leaders = [analysis.grid.losses[index] for index in analysis.summary(view).order]
        subject = Subject(analysis.measures[key].title, READING_WORDS[reading], f"{file_name(key)}-{reading}")
        fractions = analysis.grid.fractions
        yield Job(
            ("curves", key, reading),
            partial(learning_curves, subject, look, leaders, fractions, curve_panels(analysis, key, reading)),
        )


def _training_jobs(analysis: Analysis) -> Iterator[Job]:
    if analysis.default is None:
        return
    look = look_of(analysis)
    leaders = [analysis.grid.losses[index] for index in analysis.summary(analysis.default).order]
    for fraction, share in enumerate(analysis.grid.fractions):
        history = training_history(analysis, fraction, leaders[:7])
        where = f"{show_fraction(share)} of the training data"
        for kind, words, log in (("training", "validation score", False), ("norms", "gradient norm", True)):
            subject = Subject(words, where, f"{share:g}")
            yield Job(
                (kind, fraction),
                partial(training_curves, subject, look, leaders, history[kind], kind=kind, log=log),
            )


def _tuning_jobs(analysis: Analysis) -> Iterator[Job]:
    look = look_of(analysis)
    for fraction, share in enumerate(analysis.grid.fractions):
        bought = analysis.budget(fraction)
        if bought is not None:
            leaders = [analysis.grid.losses[index] for index in bought.order]
            where = f"{show_fraction(share)} of the training data"
            subject = Subject(analysis.selected_by, where, f"{share:g}")
            yield Job(("tuning", fraction), partial(budget_curves, subject, look, leaders, bought.expected))


def _subject(analysis: Analysis, view: View) -> Subject:
    share = analysis.grid.fractions[view.fraction]
    return Subject(
        analysis.measures[view.key].title,
        f"{READING_WORDS[view.reading]}, {show_fraction(share)}",
        f"{file_name(view.key)}-{view.reading}-{share:g}",
    )
