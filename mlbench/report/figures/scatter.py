"""A metric against something else: the number of labels, the cost of training, how often a label occurs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from mlbench.report.data.arrays import Floats, nanmean
from mlbench.report.figures.labels import SMALL, beside, shorten
from mlbench.report.figures.layout import named_grey, one_panel
from mlbench.report.figures.style import HIGHLIGHTED, MUTED, RULE, Drawing, FigureSubject, LineStyles


def against_labels(
    subject: FigureSubject,
    styles: LineStyles,
    leaders: Sequence[str],
    control: str,
    labels: Floats,
    gaps: Floats,
) -> Drawing | None:
    """How far each loss is ahead of the control [losses of `styles`, tasks] over the number of labels [tasks].

    A line joins the means over the tasks of equally many labels.
    """
    if len(set(labels)) < 2 or len(styles) < 2:
        return None
    figure, axes = one_panel(5.6, 3.0, left=0.75, bottom=0.5, right=1.7)
    sizes = np.unique(labels)
    coloured = [loss for loss in leaders if loss != control][:HIGHLIGHTED]
    rows = dict(zip(styles, gaps, strict=True))
    for loss in coloured:
        gap, style = rows[loss], styles[loss]
        mean = [nanmean(gap[labels == size], 0) for size in sizes]
        axes.plot(sizes, mean, color=style.colour, linestyle=style.dash, linewidth=1, zorder=3)
        axes.plot(labels, gap, style.marker, color=style.colour, label=styles[loss].label, zorder=3)
    others = [loss for loss in rows if loss not in coloured and loss != control]
    for loss in others:
        name = named_grey([styles[other].label for other in others]) if loss == others[0] else None
        axes.plot(labels, rows[loss], ".", color=MUTED, alpha=0.5, zorder=2, label=name)
    axes.axhline(0, color=MUTED, linewidth=1)
    axes.set_xscale("log")
    axes.set_xlabel("number of labels of the dataset")
    axes.set_ylabel(f"{subject.metric}, ahead of {styles[control].label}")
    ticks = [size for place, size in enumerate(sizes) if place == 0 or size > 1.25 * sizes[place - 1]]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return Drawing(
        key=f"labels-{subject.suffix}",
        title=f"Gain over {control} against the number of labels, {subject.metric}, {subject.where}",
        words=f"How far each loss is ahead of {control} by {subject.metric}, datasets in order of their labels.",
        figure=figure,
    )


def over_trait(
    subject: FigureSubject,
    styles: LineStyles,
    control: str,
    loss: str,
    trait: str,
    families: Sequence[str],
    values: Floats,
    shares: Floats,
    rope: float,
) -> Drawing:
    """How far one loss is ahead of the control, as a share of the span, over a number; all of them [families]."""
    wide, tall = 5.6, 3.3
    figure, axes = one_panel(wide, tall, left=0.75, bottom=0.5, right=0.5)
    axes.axhspan(-100 * rope, 100 * rope, color=RULE, alpha=0.6, linewidth=0, zorder=1)
    axes.axhline(0, color=MUTED, linewidth=0.9, zorder=2)
    style, y = styles[loss], 100 * shares
    axes.plot(values, y, style.marker, color=style.colour, zorder=3)
    names = list(shorten(families, 16).values())
    across, up = (np.ptp(each) or 1.0 for each in (np.log(values), y))
    inches = list(zip(np.log(values) / across * 0.9 * wide, y / up * 0.9 * tall, strict=True))
    for name, x, height, (right, above) in zip(names, values, y, beside(inches, names), strict=True):
        axes.annotate(
            name,
            (x, height),
            xytext=(5 * right, 8 * above),
            textcoords="offset points",
            ha=("center", "left", "right")[right],
            va="center",
            fontsize=SMALL,
            color=MUTED,
            zorder=2,
        )
    axes.set_xscale("log")
    axes.set_xlabel(trait)
    axes.set_ylabel(f"{style.label} − {control}, % of span")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    return Drawing(
        key=f"influence-{subject.suffix}",
        title=f"{loss} against {control} over {trait}, {subject.metric}, {subject.where}: a mark a family; grey is the "
        f"region that counts as equal (±{100 * rope:g} %)",
        words=f"How far {loss} is ahead of {control} by {subject.metric} on each family, over its {trait}.",
        figure=figure,
    )


def against_cost(
    subject: FigureSubject, styles: LineStyles, losses: Sequence[str], cost: Floats, score: Floats
) -> Drawing | None:
    """Mean score of `losses` over what their training costs, relative to the least; both [losses]."""
    known = ~np.isnan(cost) & ~np.isnan(score)
    if known.sum() < 2:
        return None
    figure, axes = one_panel(5.6, 3.0, left=0.75, bottom=0.5, right=1.0)
    for loss, x, y in zip(losses, cost, score, strict=True):
        if x == x and y == y:
            axes.plot(
                x, y, color=styles[loss].colour, marker=styles[loss].marker, linestyle="none", markersize=7
            )
            axes.annotate(styles[loss].label, (x, y), xytext=(6, 3), textcoords="offset points", fontsize=8)
    axes.set_xscale("log")
    axes.set_xlabel(
        "cost of training, times the least (geometric mean over datasets; 1 where within the noise)"
    )
    axes.set_ylabel(f"{subject.metric}, mean over families")
    axes.set_xlim(0.93, 1.15 * float(np.nanmax(cost)))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    axes.xaxis.set_minor_locator(NullLocator())
    return Drawing(
        key=f"cost-{subject.suffix}",
        title=f"Score against cost of training, {subject.metric}, {subject.where}",
        words=f"Mean {subject.metric} of each loss against what its training costs; up and to the left is better.",
        figure=figure,
    )


def by_frequency(
    subject: FigureSubject,
    styles: LineStyles,
    losses: Sequence[str],
    buckets: Sequence[str],
    values: Floats,
    spreads: Floats,
) -> Drawing | None:
    """Bars of [losses, buckets], averages over families, with deviations over seeds; losses in the order given."""
    shown = [column for column in range(len(buckets)) if not np.isnan(values[:, column]).all()]
    if len(losses) < 1 or len(shown) < 2:
        return None
    figure, axes = one_panel(
        max(5.0, 0.16 * len(losses) * len(shown) + 1), 2.6, left=0.7, bottom=0.4, right=1.7
    )
    width = 0.84 / len(losses)
    centres = np.arange(len(shown)) - 0.42 + (np.arange(len(losses))[:, None] + 0.5) * width
    low, high = (values - spreads)[:, shown], (values + spreads)[:, shown]
    axes.vlines(centres.ravel(), low.ravel(), high.ravel(), color=MUTED, linewidth=0.7, zorder=4)
    for loss, row, x in zip(losses, values, centres, strict=True):
        bars = axes.bar(
            x, row[shown], width * 0.9, color=styles[loss].colour, label=styles[loss].label, zorder=3
        )
        for bar in bars:
            bar.set(hatch=styles[loss].hatch, edgecolor="#ffffff", linewidth=0)
    axes.set_xticks(range(len(shown)), [f"{buckets[column]} labels" for column in shown])
    axes.set_ylabel(subject.metric)
    axes.grid(False, axis="x")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02), ncols=1 + (len(losses) > 14), fontsize=7)
    return Drawing(
        key=f"buckets-{subject.suffix}",
        title=f"By label frequency, {subject.metric}, {subject.where}",
        words=f"{subject.metric} over the labels that are frequent, medium, rare and never seen in training; "
        "a line on a bar is the deviation over seeds.",
        figure=figure,
    )
