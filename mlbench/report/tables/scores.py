"""The table of a metric: losses × tasks at one fraction, with average rank and mean, floor and ceiling."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlbench.report.analysis.summary import Summary, summarise
from mlbench.report.data.arrays import nanmean
from mlbench.report.data.grid import DONE, READING_WORDS, Grid
from mlbench.report.data.measures import Measure, file_name
from mlbench.report.data.published import beside
from mlbench.report.statistics import Blocks, Within
from mlbench.report.statistics.within import source_of
from mlbench.report.tables.model import (
    ABSENT,
    Row,
    Table,
    TableColumn,
    TableEntry,
    format_number,
    mean_entry,
    number,
    word,
)
from mlbench.report.tables.published import paper_caption, paper_rows
from mlbench.report.wording import show_fraction


def score_table(
    grid: Grid,
    reading: str,
    measure: Measure,
    fraction: int,
    blocks: Blocks | None,
    within: Mapping[int, Within],
) -> Table:
    """`within` holds, for each task's index, which losses are significantly different from its best."""
    summary = summarise(grid, reading, measure, fraction, blocks)
    tasks = [int(task) for task in np.flatnonzero(grid.has_fraction(fraction))]
    grey = _without_threshold(grid, reading, measure)
    by_task = [_column(grid, summary, measure, task, within.get(task), fraction) for task in tasks]
    if grey:
        dull = [name in grey for name in grid.losses]
        by_task = [
            [entry._replace(muted=entry.muted or grey) for entry, grey in zip(column, dull, strict=True)]
            for column in by_task
        ]
    rows = [
        Row(
            (
                word(grid.losses[loss], muted=grid.losses[loss] in grey),
                number(float(summary.ranks[loss]), 2),
                mean_entry(float(summary.average[loss]), float(summary.spread[loss])),
                *(column[loss] for column in by_task),
            )
        )
        for loss in summary.order
    ]
    rows += _references(grid, measure, fraction, tasks)
    papers = beside(grid, measure.key, fraction) if reading == "own" else []
    rows += paper_rows(papers, tasks)
    columns = (
        TableColumn("loss", numeric=False),
        TableColumn("rank", "average rank over families, 1 is best"),
        TableColumn("mean", "mean over families"),
        *(TableColumn(grid.tasks[task].name, task=True) for task in tasks),
    )
    key, title = view_key(grid, reading, measure, fraction), view_title(grid, reading, measure, fraction)
    caption = _caption(grid, measure, within) + _caption_of_grey(grey) + paper_caption(papers)
    return Table(key, title, columns, tuple(rows), caption)


def _column(
    grid: Grid, summary: Summary, measure: Measure, task: int, within: Within | None, fraction: int
) -> list[TableEntry]:
    """The entries of all losses on one task; the best and those like it by one and the same comparison."""
    signed = summary.mean[:, task] * measure.sign
    there = ~np.isnan(signed)
    if measure.ranked and within is not None:
        best = within.first
        near = there & ~best & within.near_best
    else:
        best = measure.ranked & there & (signed >= signed[there].max(initial=-np.inf))
        near = np.zeros_like(there)
    marks = zip(
        summary.mean[:, task].tolist(),
        summary.deviation[:, task].tolist(),
        summary.finished[:, task].tolist(),
        summary.planned[:, task].tolist(),
        best.tolist(),
        near.tolist(),
        strict=True,
    )
    entries = []
    for loss, (mean, deviation, finished, planned, is_best, is_near) in enumerate(marks):
        if finished:
            note = "" if finished == planned else f"{finished}/{planned}"
            spread = format_number(deviation, like=mean) if deviation == deviation else ""
            known = deviation if spread else None
            entries.append(TableEntry(format_number(mean), mean, spread, known, note, is_best, is_near))
        else:
            entries.append(_absent(grid, loss, task, fraction))
    return entries


def _absent(grid: Grid, loss: int, task: int, fraction: int) -> TableEntry:
    """Why there is no number: failed, finished where the metric is not defined, or missing."""
    failure = grid.failures.get((loss, task, fraction))
    if failure is not None:
        return TableEntry(f"failed: {failure}", bad=True)
    if (grid.state[loss, task, fraction] == DONE).any():
        return TableEntry(ABSENT, note="not defined", muted=True)
    return TableEntry(ABSENT, note="missing", bad=True)


def _references(grid: Grid, measure: Measure, fraction: int, tasks: list[int]) -> list[Row]:
    floor = nanmean(grid.floor(measure.key)[:, fraction], 1)
    ceiling = grid.ceiling(measure.key)
    rows = []
    for name, values in (("floor", floor), ("ceiling", ceiling)):
        if not np.isnan(values[tasks]).all():
            entries = (number(float(values[task]), 3, muted=True) for task in tasks)
            rows.append(Row((word(name, muted=True), word(""), word(""), *entries), "reference"))
    return rows


def _without_threshold(grid: Grid, reading: str, measure: Measure) -> set[str]:
    """Losses whose scores have no fixed origin: what `@0.5` says of them means nothing."""
    if measure.policy != "0.5" or reading != "own" or "threshold/metrics" not in grid.cells.columns:
        return set()
    columns = grid.cells[["status", "loss", "threshold/metrics"]]
    done = columns[columns["status"] == "done"]
    without = done["threshold/metrics"].isna().groupby(done["loss"]).all()
    return {str(loss) for loss, none in without.items() if none}


def _caption_of_grey(grey: set[str]) -> str:
    names = ", ".join(sorted(grey))
    return (
        f" Grey: {names}, whose scores have no threshold of their own; 0.5 says nothing of them."
        if grey
        else ""
    )


def view_title(grid: Grid, reading: str, measure: Measure, fraction: int) -> str:
    """A view in words: `mAP: own logits, 10 % of the training data`."""
    share = show_fraction(grid.fractions[fraction])
    return f"{measure.title}: {READING_WORDS[reading]}, {share} of the training data"


def view_key(grid: Grid, reading: str, measure: Measure, fraction: int) -> str:
    """A view as part of a file's name or an anchor."""
    return f"{file_name(measure.key)}-{reading}-{grid.fractions[fraction]:g}"


def _caption(grid: Grid, measure: Measure, within: Mapping[int, Within]) -> str:
    better = "more is better" if measure.higher else "less is better"
    spread = len(grid.seeds) > 1
    of = (
        f"Mean ± standard deviation over {len(grid.seeds)} seeds"
        if spread
        else "Of one seed, without a spread,"
    )
    text = f"{of} on the test split; {better}. "
    if not measure.ranked:
        return text + "Losses are never ranked by it."
    if within:
        tasks = within.values()
        source = source_of(
            rows=any(found.rows for found in tasks), seeds=any(found.seeds > 1 for found in tasks)
        )
        text += "Bold: best of its column on the seeds that all losses there finished; "
        text += f"underlined: not significantly different from it (by {source}, 5 %, Holm over all pairs). "
    else:
        text += "Bold: best of its column; one seed cannot say which others are significantly different. "
    return text + "Rank and mean are over families of datasets."
