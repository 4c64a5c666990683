"""The questions that a report was asked, a row for each fraction and group of families."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlbench.report.analysis import Analysis
from mlbench.report.contrasts.answered import ContrastAnswer, answers
from mlbench.report.contrasts.asked import AskedContrast
from mlbench.report.data.measures import measure
from mlbench.report.statistics.equivalence import Judged
from mlbench.report.statistics.interval import LEAST_FAMILIES, detectable
from mlbench.report.tables.comparison import WITHOUT_ONE, share_entry
from mlbench.report.tables.model import (
    Row,
    Table,
    TableColumn,
    TableEntry,
    number,
    signed,
    signed_number,
    word,
)
from mlbench.report.wording import listed, makers, show_fraction


def contrasts_table(analysis: Analysis, questions: Sequence[AskedContrast]) -> Table | None:
    """None where nothing was asked, or these records have nothing on it."""
    found = [answer for question in questions for answer in answers(analysis, question)]
    if not found:
        return None
    region = f"{100 * analysis.rope:g} %"
    columns = (
        TableColumn("question", numeric=False),
        TableColumn("metric", numeric=False),
        TableColumn("training data", numeric=False),
        TableColumn("families", "by the number of their labels", numeric=False),
        TableColumn("N", "families compared; those of them that % and verdict are of, where they are fewer"),
        TableColumn(
            "difference",
            "mean over families, with its range when one family is left out; positive: the first side",
        ),
        TableColumn("median"),
        TableColumn(
            "% of span",
            "mean over families of the difference in % of the family's span from floor to best, with its 95 % interval",
        ),
        TableColumn(
            "verdict",
            f"by that interval, on the first side; {region} is the region of equivalence",
            numeric=False,
        ),
        TableColumn(
            "finds", "the true difference, in % of the span, that so many families find in four of five draws"
        ),
    )
    rows = tuple(_row(analysis, answer) for answer in found)
    return Table("contrasts", "What was asked", columns, rows, _caption(found))


def _row(analysis: Analysis, answer: ContrastAnswer) -> Row:
    lever, judged = answer.leverage, answer.judged
    enough = judged.families >= LEAST_FAMILIES
    ends = "" if np.isnan(lever.low) else f"{signed(lever.low)} to {signed(lever.high)} without one"
    compared, counted = len(answer.families), judged.families
    families = str(compared) if counted == compared else f"{counted} of {compared}"
    return Row(
        (
            word(str(answer.question)),
            word(measure(answer.question.key).title),
            word(show_fraction(analysis.grid.fractions[answer.fraction])),
            word(answer.group),
            TableEntry(families, compared),
            signed_number(lever.mean)._replace(note=ends),
            signed_number(lever.median),
            share_entry(judged),
            word(judged.word if enough else "too few families", muted=not enough),
            _finds(answer) if enough else number(None),
        )
    )


def _asked(answer: ContrastAnswer) -> str:
    return f"{answer.question} ({measure(answer.question.key).title})"


def _finds(answer: ContrastAnswer) -> TableEntry:
    spread = float(answer.shares.std(ddof=1))
    return number(100 * detectable(len(answer.shares)) * spread, 1)


def _caption(found: Sequence[ContrastAnswer]) -> str:
    parts = [
        "By own logits, the probe of losses that have none. The best of several losses is the one with the best score "
        "on validation, dataset by dataset. Intervals are of one comparison each, without a correction for their "
        "number."
    ]
    parts.append(WITHOUT_ONE)
    parts.append(Judged.legend(found[0].judged.rope))
    whole = [answer for answer in found if answer.group == "all"]
    for answer in whole:
        if answer.carriers:
            parts.append(f"{makers(answer.carriers)} more than half of the mean share of {_asked(answer)}.")
    left_out: dict[str, list[str]] = {}
    for answer in whole:
        if answer.region.left_out:
            left_out.setdefault(answer.region.left_out, []).append(measure(answer.question.key).title)
    for names, metrics in left_out.items():
        parts.append(f"Left out of % and verdicts of {listed(sorted(set(metrics)))}, {names}.")
    if missing := sorted({name for answer in found for name in answer.missing}):
        parts.append(f"Not compared, since results are missing: {listed(missing)}.")
    return " ".join(parts)
