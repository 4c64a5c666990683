"""What the page of one dataset shows first: which loss to take, results by label, reliability, thresholds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from markupsafe import Markup, escape

from mlbench.report.analysis import Analysis, View
from mlbench.report.data.arrays import Floats
from mlbench.report.one_dataset.kept_scores import CellScores, kept_scores
from mlbench.report.one_dataset.per_label import confusions, per_label
from mlbench.report.one_dataset.reliability import reliability
from mlbench.report.one_dataset.verdict import Verdict, find_verdict
from mlbench.report.one_dataset.words import how_sure, signed
from mlbench.report.page.fragments import Section
from mlbench.report.page.label_table import label_table, sortable
from mlbench.report.page.reliability_diagram import reliability_diagram

MOST = 3
"""Losses that are shown label by label."""
WORDS = {
    "best": "first",
    "equal": "practically equal",
    "open": "not distinguished",
    "likely": "likely worse",
    "worse": "worse",
}
THRESHOLDS = "thresholds.json"


NEEDS_SEVERAL = ("results", "control", "datasets", "claims")
"""Sections that say nothing of one dataset which the first one does not."""


def about_one(
    sections: Sequence[Section], slot: Markup, by_label: Sequence[Section], *, has_buckets: bool
) -> list[Section]:
    """The page's sections where there is one dataset: first how the losses stand, in `slot`, then label by label; none
    across datasets, and none that would be empty."""
    kept = [each for each in sections if each.id not in NEEDS_SEVERAL]
    kept = [each for each in kept if each.id != "frequency" or has_buckets]
    kept = [each for each in kept if each.id != "curves" or _has_figure(each)]
    return [Section("results", "How the losses stand", [], [slot]), *by_label, *kept]


def _has_figure(section: Section) -> bool:
    return any("<figure" in block for block in section.blocks)


def standings(verdict: Verdict) -> Markup:
    """The losses with their distance from the first one."""
    rows = Markup("").join(
        Markup(
            '<tr data-loss="{0}"><th scope="row">{0}{1}</th><td data-order="{2:.6g}">{2:.3f}</td>'
            '<td class="text">{6}</td><td data-order="{3:.6g}">{4}</td><td>{5}</td></tr>'
        ).format(
            each.loss,
            Markup(" <small>take this one</small>") if each.loss == verdict.take else "",
            each.mean,
            each.difference.mean,
            "" if each.relation == "best" else signed(each.difference.mean),
            ""
            if each.relation == "best" or np.isnan(each.difference.low)
            else f"{signed(each.difference.low)} to {signed(each.difference.high)}",
            WORDS[each.relation],
        )
        for each in verdict.standings
    )
    head = (
        f'<th scope="col" class="text">loss</th><th scope="col">{escape(verdict.measure.title)}</th>'
        '<th scope="col" class="text">which is</th><th scope="col">from the first</th>'
        '<th scope="col">95 % interval</th>'
    )
    return sortable("t-standings", "Losses by their mean", Markup(head), rows) + Markup(
        '<p class="caption">{}</p>'
    ).format(how_sure(verdict))


def label_sections(analysis: Analysis, view: View, paths: Sequence[Path], output: Path) -> list[Section]:
    """Label by label, reliability and thresholds, of the loss to take and those beside it; none where no scores were
    kept. The thresholds are written to `output`."""
    verdict = find_verdict(analysis, view)
    if verdict is None or view.reading != "own":
        return []
    names = list(dict.fromkeys([verdict.take, *(each.loss for each in verdict.standings)]))[:MOST]
    read = {name: kept_scores(analysis.grid, paths, name, 0, view.fraction) for name in names}
    kept = {name: cells for name, cells in read.items() if cells}
    if verdict.take not in kept:
        return []
    first = kept[verdict.take][0]
    results = {name: [per_label(cell) for cell in cells] for name, cells in kept.items()}
    cuts = results[verdict.take][0].thresholds
    (output / THRESHOLDS).write_text(_as_json(verdict, first, cuts), encoding="utf-8")
    counts = _train_counts(analysis, first.labels)
    seeds = len(kept[verdict.take])
    mean = f"means over {seeds} seeds" if seeds > 1 else "one seed"
    return [
        Section(
            "labels",
            "Label by label",
            [
                f"On test, under each label's threshold of greatest F1 on validation; {mean}. Opening a label shows "
                f"what {verdict.take} (seed {first.seed}) confuses it with."
            ],
            [label_table(verdict.take, results, confusions(first, cuts), first, counts)],
        ),
        Section(
            "reliability",
            "Do probabilities hold?",
            [
                "Of entries with like probability, the share that is true; on the diagonal they hold. A loss that "
                "shifts or damps scores needs its probabilities calibrated before they are used as such."
            ],
            [
                Markup('<div class="row">{}</div>').format(
                    Markup("").join(
                        reliability_diagram(name, reliability(cells)) for name, cells in kept.items()
                    )
                )
            ],
        ),
        Section(
            "thresholds",
            "Thresholds to deploy",
            [
                f"Of {verdict.take}, seed {first.seed}: a label is given where its logit is greater. Tuned for F1 on "
                "validation; a label with fewer than three positives there has the threshold of all together."
            ],
            [
                Markup(
                    '<p>All of them, for a program: <a href="{0}">{0}</a>; in the table above each stands beside its '
                    "label.</p>"
                ).format(THRESHOLDS)
            ],
        ),
    ]


def _as_json(verdict: Verdict, first: CellScores, cuts: Floats) -> str:
    found = {
        label: None if not np.isfinite(cut) else round(float(cut), 6)
        for label, cut in zip(first.labels, cuts, strict=True)
    }
    about = {"dataset": verdict.dataset, "loss": verdict.take, "seed": first.seed, "on": "logit"}
    return json.dumps({**about, "thresholds": found}, ensure_ascii=False, indent=1) + "\n"


def _train_counts(analysis: Analysis, labels: Sequence[str]) -> list[int | None]:
    """Positives of each label in the training split; None where no record says."""
    cells = analysis.grid.cells
    if "dataset/label_counts/train" not in cells.columns:
        return [None] * len(labels)
    counts = next((value for value in cells["dataset/label_counts/train"] if value is not None), None)
    known = isinstance(counts, list | tuple | np.ndarray) and len(counts) == len(labels)
    return [int(value) for value in counts] if known and counts is not None else [None] * len(labels)
