"""Which figures a report has: each a small job of plain arrays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from mlbench.report.analysis import Analysis, View
from mlbench.report.analysis.buckets import bucket_means
from mlbench.report.analysis.influence import influences
from mlbench.report.data.arrays import Intervals
from mlbench.report.data.grid import READING_WORDS
from mlbench.report.data.measures import file_name
from mlbench.report.figures.curves import learning_curves
from mlbench.report.figures.data import (
    curve_panels,
    label_gaps,
    relative_cost,
    task_ranks,
    training_history,
)
from mlbench.report.figures.forest import from_control
from mlbench.report.figures.matrices import rank_map, win_matrix
from mlbench.report.figures.save import Draw
from mlbench.report.figures.scatter import against_cost, against_labels, by_frequency, over_trait
from mlbench.report.figures.significance import critical_differences, profiles
from mlbench.report.figures.style import FigureSubject, LineStyles, line_styles
from mlbench.report.figures.training import training_curves
from mlbench.report.figures.tuning import budget_curves
from mlbench.report.statistics import (
    critical_difference,
    normalise,
    performance_profile,
)
from mlbench.report.wording import show_fraction

FigureSlot = tuple[str | int, ...]
"""A slot of the page and the choices under which it shows a figure."""


class FigureJob(NamedTuple):
    """Where a figure goes and how it is drawn."""

    place: FigureSlot
    draw: Draw


def figure_jobs(analysis: Analysis) -> list[FigureJob]:
    """Every figure of the main metrics."""
    return [
        *_curve_jobs(analysis),
        *_training_jobs(analysis),
        *_tuning_jobs(analysis),
        *_view_jobs(analysis),
    ]


def styles_of(analysis: Analysis) -> LineStyles:
    """The styles of all losses; those that lead in what the page opens with get the ones easiest to distinguish."""
    losses, default = analysis.grid.losses, analysis.default
    leaders = [] if default is None else [losses[index] for index in analysis.summary(default).order]
    return line_styles(losses, leaders)


def _view_jobs(analysis: Analysis) -> Iterator[FigureJob]:
    grid, styles = analysis.grid, styles_of(analysis)
    for view in analysis.views(analysis.main):
        subject, summary = _subject(analysis, view), analysis.summary(view)
        leaders = [grid.losses[index] for index in summary.order]
        tasks = np.flatnonzero(grid.has_fraction(view.fraction)).tolist()
        there = [index for index in summary.order if not np.isnan(summary.mean[index, tasks]).all()]
        names = [grid.losses[index] for index in there]
        task_names = [grid.task_names[task] for task in tasks]
        ranks = task_ranks(analysis, view, there, tasks)
        yield FigureJob(("ranks", *view), partial(rank_map, subject, names, task_names, ranks))
        yield FigureJob(
            ("cost", *view),
            partial(against_cost, subject, styles, names, *relative_cost(analysis, view, there)),
        )
        yield FigureJob(
            ("labels", *view), partial(against_labels, subject, styles, leaders, *label_gaps(analysis, view))
        )
        buckets, *values = bucket_means(analysis, view)
        ordered = [array[summary.order] for array in values]
        yield FigureJob(
            ("buckets", *view), partial(by_frequency, subject, styles, leaders, buckets, *ordered)
        )
        yield from _block_jobs(analysis, view, subject)


def _block_jobs(analysis: Analysis, view: View, subject: FigureSubject) -> Iterator[FigureJob]:
    """Figures of what can be compared across families."""
    blocks, ranking, styles = analysis.blocks(view), analysis.ranking(view), styles_of(analysis)
    if blocks is None or ranking is None or blocks.count == 1:
        return
    losses = [ranking.losses[index] for index in ranking.order]
    scores = blocks.scores[:, ranking.order]
    wins = (scores[:, :, None] > scores[:, None]).mean(0) + 0.5 * (
        scores[:, :, None] == scores[:, None]
    ).mean(0)
    np.fill_diagonal(wins, np.nan)
    yield FigureJob(("wins", *view), partial(win_matrix, subject, losses, wins))
    yield from _control_jobs(analysis, view, subject)
    yield from _influence_jobs(analysis, view, subject)
    p = analysis.nemenyi(view)
    if p is not None:
        distance = critical_difference(len(losses), blocks.count)
        ordered = p[np.ix_(ranking.order, ranking.order)]
        yield FigureJob(
            ("differences", *view),
            partial(critical_differences, subject, styles, losses, ranking.ranks[ranking.order], ordered, distance,
                    blocks.count),
        )  # fmt: skip
    normalised = normalise(analysis.grid, blocks, view.fraction)
    if normalised.by_task:
        thresholds = np.linspace(-0.2, 1.2, 141)
        shares = performance_profile(normalised, thresholds)
        yield FigureJob(
            ("profiles", *view),
            partial(profiles, subject, styles, losses, normalised.losses, thresholds, shares),
        )


def _control_jobs(analysis: Analysis, view: View, subject: FigureSubject) -> Iterator[FigureJob]:
    """How far losses are from the control, where it is among those that can be compared."""
    blocks, region = analysis.blocks(view), analysis.region(view)
    control = None if blocks is None else blocks.control()
    if blocks is None or control is None or region is None or not region.wide.any():
        return
    losses = [loss for loss in blocks.losses if loss != control]
    differences = [blocks.differences(loss, control) for loss in losses]
    ends = [region.judge(each).interval for each in differences]
    found = Intervals(
        np.array([each.mean for each in ends]),
        np.array([each.low for each in ends]),
        np.array([each.high for each in ends]),
    )
    shares = np.array([region.shares(each) for each in differences])
    yield FigureJob(
        ("from-control", *view),
        partial(from_control, subject, styles_of(analysis), losses, control, found, shares, region.rope),
    )


def _influence_jobs(analysis: Analysis, view: View, subject: FigureSubject) -> Iterator[FigureJob]:
    """The strongest correlation with what families are like, where it is significant."""
    found = influences(analysis, view)
    if found is None or found.strongest is None:
        return
    one = found.strongest
    yield FigureJob(
        ("influence-figure", *view),
        partial(over_trait, subject, styles_of(analysis), found.control, one.loss, one.trait, one.families, one.values,
                one.shares, analysis.rope),
    )  # fmt: skip


def _curve_jobs(analysis: Analysis) -> Iterator[FigureJob]:
    styles = styles_of(analysis)
    last = {view[:2]: view for view in analysis.views(analysis.main)}
    for (key, reading), view in last.items():
        leaders = [analysis.grid.losses[index] for index in analysis.summary(view).order]
        subject = FigureSubject(
            analysis.measures[key].title, READING_WORDS[reading], f"{file_name(key)}-{reading}"
        )
        fractions = analysis.grid.fractions
        yield FigureJob(
            ("curves", key, reading),
            partial(
                learning_curves, subject, styles, leaders, fractions, curve_panels(analysis, key, reading)
            ),
        )


def _training_jobs(analysis: Analysis) -> Iterator[FigureJob]:
    if analysis.default is None:
        return
    styles = styles_of(analysis)
    leaders = [analysis.grid.losses[index] for index in analysis.summary(analysis.default).order]
    for fraction, share in enumerate(analysis.grid.fractions):
        history = training_history(analysis, fraction, leaders[:7])
        where = f"{show_fraction(share)} of the training data"
        for kind, words, log in (("training", "validation score", False), ("norms", "gradient norm", True)):
            subject = FigureSubject(words, where, f"{share:g}")
            yield FigureJob(
                (kind, fraction),
                partial(training_curves, subject, styles, leaders, history[kind], kind=kind, log=log),
            )


def _tuning_jobs(analysis: Analysis) -> Iterator[FigureJob]:
    styles = styles_of(analysis)
    for fraction, share in enumerate(analysis.grid.fractions):
        bought = analysis.budget(fraction)
        if bought is not None:
            leaders = [analysis.grid.losses[index] for index in bought.order]
            where = f"{show_fraction(share)} of the training data"
            subject = FigureSubject(analysis.selected_by, where, f"{share:g}")
            yield FigureJob(
                ("tuning", fraction), partial(budget_curves, subject, styles, leaders, bought.expected)
            )


def _subject(analysis: Analysis, view: View) -> FigureSubject:
    share = analysis.grid.fractions[view.fraction]
    return FigureSubject(
        analysis.measures[view.key].title,
        f"{READING_WORDS[view.reading]}, {show_fraction(share)}",
        f"{file_name(view.key)}-{view.reading}-{share:g}",
    )
