"""The table of one dataset's labels, as HTML: sortable, and each opens what it is confused with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from mlbench.plain_text import fit
from mlbench.report.data.arrays import Floats
from mlbench.report.one_dataset.kept_scores import CellScores
from mlbench.report.one_dataset.per_label import Confusion, PerLabel

LOWEST = -1e6
"""What a threshold below every score is sorted as."""


def label_table(
    take: str,
    results: Mapping[str, list[PerLabel]],
    confused: Sequence[Confusion],
    first: CellScores,
    counts: Sequence[int | None],
) -> Markup:
    mean = {
        name: {
            part: _mean([getattr(each, part) for each in found])
            for part in ("average_precision", "f1", "precision", "recall")
        }
        for name, found in results.items()
    }
    cuts = results[take][0].thresholds
    head = Markup('<th scope="col" class="text">label</th>') + Markup("").join(
        Markup('<th scope="col">{}</th>').format(title)
        for title in (
            *(["in train"] if counts[0] is not None else []),
            "in test",
            *(f"AP {name}" for name in mean),
            *(f"F1 {name}" for name in mean),
            f"precision {take}",
            f"recall {take}",
            "threshold",
        )
    )
    rows = []
    for place, label in enumerate(first.labels):
        numbers = [
            *([_count(counts[place])] if counts[0] is not None else []),
            _count(confused[place].rows),
            *(_number(found["average_precision"][place]) for found in mean.values()),
            *(_number(found["f1"][place]) for found in mean.values()),
            _number(mean[take]["precision"][place]),
            _number(mean[take]["recall"][place]),
            _number(cuts[place]),
        ]
        rows.append(
            Markup(
                '<tr><th scope="row" data-order="{0}"><details><summary>{0}</summary>{1}</details></th>{2}</tr>'
            ).format(fit(label), _confused(confused[place]), Markup("").join(numbers))
        )
    return sortable("t-labels", "Results label by label", head, Markup("").join(rows))


def _mean(arrays: list[Floats]) -> Floats:
    """Over seeds, NaN where no seed has a number."""
    stacked = np.stack(arrays)
    there = ~np.isnan(stacked)
    total = np.where(there, stacked, 0.0).sum(0)
    return np.where(there.any(0), total / np.maximum(there.sum(0), 1), np.nan)


def _confused(found: Confusion) -> Markup:
    missed = f"missed in {found.missed} of {found.rows} rows"
    given = f"given wrongly in {found.given} rows"
    return Markup("<small>{}{}<br>{}{}</small>").format(
        missed, _beside(", where it gives", found.instead), given, _beside(", which are", found.really)
    )


def _beside(words: str, labels: Sequence[tuple[str, int]]) -> str:
    return f"{words} {', '.join(f'{fit(label)} ({count})' for label, count in labels)}" if labels else ""


def _count(value: int | None) -> Markup:
    return Markup('<td data-order="{}">{}</td>').format(value, "–" if value is None else f"{value:,}")


def _number(value: float) -> Markup:
    if np.isnan(value):
        return Markup('<td data-order="-1" class="muted">–</td>')
    if not np.isfinite(value):
        # A threshold below every score; a number, so that the column sorts as one.
        return Markup('<td data-order="{:.6g}">always</td>').format(LOWEST)
    return Markup('<td data-order="{:.6g}">{:.3f}</td>').format(value, value)


def sortable(key: str, title: str, head: Markup, rows: Markup) -> Markup:
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{1}"><table class="data" id="{0}"><caption>{1}'
        "</caption><thead><tr>{2}</tr></thead><tbody>{3}</tbody></table></div>"
    ).format(key, title, head, rows)
