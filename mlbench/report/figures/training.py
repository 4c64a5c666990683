"""What happened while training: validation scores and gradient norms, a panel for each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from mlbench.report.figures.layout import legend_below, name_panels, panels
from mlbench.report.figures.style import HIGHLIGHTED, Drawing, FigureSubject, LineStyles

Curve = tuple[Sequence[float], Sequence[float]]


def training_curves(
    subject: FigureSubject,
    styles: LineStyles,
    leaders: Sequence[str],
    tasks: Mapping[str, Mapping[str, Curve]],
    *,
    kind: str,
    log: bool,
) -> Drawing | None:
    """For each task the curves (epochs, values) of the leading losses; `kind` names the file."""
    shown = {task: curves for task, curves in tasks.items() if curves}
    if not shown:
        return None
    coloured = leaders[:HIGHLIGHTED]
    figure, axes = panels(len(shown), [styles[loss].label for loss in coloured])
    for panel, curves in zip(axes, shown.values(), strict=True):
        for loss in coloured:
            if loss in curves:
                style = styles[loss]
                marker = "" if len(curves[loss][0]) > 12 else style.marker
                panel.plot(*curves[loss], color=style.colour, linestyle=style.dash, marker=marker, markersize=3,
                           linewidth=1.2, label=style.label)  # fmt: skip
        if log:
            panel.set_yscale("log")
            low, high = panel.get_ylim()
            panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 30 * low else (1,)))
            panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            panel.yaxis.set_minor_locator(NullLocator())
        else:
            panel.yaxis.set_major_locator(MaxNLocator(4))
        panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    name_panels(axes, list(shown))
    for panel in axes[-4:]:
        panel.set_xlabel("epoch")
    for panel in axes[::4]:
        panel.set_ylabel(subject.metric)
    legend_below(figure, axes)
    return Drawing(
        key=f"{kind}-{subject.suffix}",
        title=f"{subject.metric} while training, {subject.where}, mean over seeds",
        words=f"{subject.metric} over the epochs of training, a panel for each dataset, {len(shown)} in all.",
        figure=figure,
    )
