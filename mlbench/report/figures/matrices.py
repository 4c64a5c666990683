"""Heat maps: ranks of losses on tasks, and which loss beats which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from mlbench.report.figures.style import INK, MUTED, Drawing, Subject, one_panel, room_for, short
from mlbench.report.grid import Floats
from mlbench.report.statistics.ranks import block_ranks

_COLOURS = LinearSegmentedColormap.from_list("ranks", ["#0072b2", "#7fb6d6", "#e8e6df", "#e9b489", "#d55e00"])
_NAME = 24


def rank_map(subject: Subject, losses: Sequence[str], tasks: Sequence[str], scores: Floats) -> Drawing | None:
    """Ranks within each task of [losses, tasks] scores, more is better, NaN where there is none."""
    if len(losses) < 2 or not len(tasks):
        return None
    ranks = np.full(scores.shape, np.nan)
    for column in range(len(tasks)):
        there = ~np.isnan(scores[:, column])
        ranks[there, column] = block_ranks(scores[there, column])
    left, bottom = room_for(losses), 0.62 * room_for(tasks, _NAME) + 0.1
    figure, axes = one_panel(0.48 * len(tasks), 0.28 * len(losses), left=left, bottom=bottom, right=0.6)
    axes.imshow(ranks, cmap=_COLOURS, vmin=1, vmax=len(losses), aspect="auto")
    _write(axes, ranks, (ranks - 1) / max(len(losses) - 1, 1), "{:g}")
    _name_axes(axes, tasks, losses)
    return Drawing(
        key=f"ranks-{subject.suffix}",
        title=f"Ranks by dataset, {subject.metric}, {subject.where}",
        words=f"Rank of every loss on every dataset by {subject.metric}; the leading losses are "
        f"{', '.join(losses[:3])}.",
        figure=figure,
    )


def win_matrix(subject: Subject, losses: Sequence[str], shares: Floats) -> Drawing | None:
    """[losses, losses]: the share of families on which the row's loss is ahead of the column's."""
    if len(losses) < 2:
        return None
    left, bottom = room_for(losses), 0.62 * room_for(losses, _NAME) + 0.1
    figure, axes = one_panel(0.48 * len(losses), 0.28 * len(losses), left=left, bottom=bottom, right=0.6)
    axes.imshow(1 - shares, cmap=_COLOURS, vmin=0, vmax=1, aspect="auto")
    _write(axes, 100 * shares, 1 - shares, "{:.0f}")
    _name_axes(axes, losses, losses)
    return Drawing(
        key=f"wins-{subject.suffix}",
        title=f"Who beats whom, {subject.metric}, {subject.where}: % of families on which the row is ahead",
        words=f"Share of dataset families on which one loss is ahead of another by {subject.metric}.",
        figure=figure,
    )


def _write(axes: Axes, values: Floats, shade: Floats, form: str) -> None:
    """The number in every field; white on the two dark ends of the scale.

    Equal numbers are one set of markers, whose shape is drawn once: hundreds of texts take ten times as long.
    """
    places: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for (row, column), value in np.ndenumerate(values):
        known = value == value
        dark = known and abs(shade[row, column] - 0.5) > 0.4
        colour = MUTED if not known else "#ffffff" if dark else "#1b1e26"
        places[form.format(value) if known else "–", colour].append((column, row))
    for (text, colour), fields in places.items():
        shape = TextPath((0, 0), text, size=7.5)
        box = shape.get_extents()
        centred = shape.transformed(Affine2D().translate(-(box.x0 + box.x1) / 2, -(box.y0 + box.y1) / 2))
        size = 2 * float(np.abs(np.asarray(centred.vertices)).max())
        axes.plot(
            *zip(*fields, strict=True), linestyle="none", marker=centred, markersize=size, color=colour,
            markeredgewidth=0,
        )  # fmt: skip


def _name_axes(axes: Axes, columns: Sequence[str], rows: Sequence[str]) -> None:
    names = [short(name, _NAME) for name in columns]
    axes.set_xticks(range(len(columns)), names, rotation=38, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), [short(name) for name in rows])
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(length=0, labelcolor=INK)
    axes.grid(False)
    for side in axes.spines.values():
        side.set_visible(False)
