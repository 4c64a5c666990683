"""Every loss against the control, across families: how far, how often, how sure."""

from __future__ import annotations

import numpy as np

from mlbench.report.analysis import Analysis, View
from mlbench.report.data.arrays import Floats
from mlbench.report.statistics import AgainstControl, Region, interquartile_mean, normalise, smallest_p
from mlbench.report.statistics.equivalence import Judged
from mlbench.report.statistics.frequentist import ALPHA
from mlbench.report.statistics.interval import LEAST_FAMILIES
from mlbench.report.statistics.power import MOST_FAMILIES, effect_found, families_needed
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
from mlbench.report.tables.one_family import one_family_table
from mlbench.report.tables.scores import view_key, view_title
from mlbench.report.text.evidence import friedman_words, region_words
from mlbench.report.wording import count, in_percent

WITHOUT_ONE = "Beside a difference stands its range when one family is left out, which is no interval."


def comparison_table(analysis: Analysis, view: View) -> Table | None:
    """Differences from the control with Wilcoxon–Holm, and as shares of the families' spans what they mean.

    None where there is no control to compare with.
    """
    blocks, pairs, region = analysis.blocks(view), analysis.pairs(view), analysis.region(view)
    if blocks is None or region is None or not pairs:
        return None
    if blocks.count == 1:
        return one_family_table(analysis, view, pairs)
    control = pairs[0].control
    speaks = pairs[0].p is not None
    iqm = _interquartile_means(analysis, view)
    columns = _columns(control, region.rope, speaks)
    rows = []
    for pair in sorted(pairs, key=lambda pair: -pair.differences.mean):
        significant = pair.p_holm is not None and pair.p_holm <= ALPHA
        differences = blocks.differences(pair.loss, control)
        entries = [*_of_points(pair, significant), *_of_shares(region, differences)]
        entries.append(_power(region.shares(differences), region.rope, ALPHA / len(pairs), blocks.count))
        if speaks:
            entries += [_p(pair.p), _p(pair.p_holm, best=significant)]
        rows.append(Row((*entries, iqm.get(pair.loss, number(None)))))
    blank = [word("") for _ in columns[1:-1]]
    rows.append(Row((word(f"{control} (control)"), *blank, iqm.get(control, number(None))), "reference"))
    rule = analysis.measures[view.key]
    return Table(
        f"control-{view_key(analysis.grid, view.reading, rule, view.fraction)}",
        f"Against {control}, {view_title(analysis.grid, view.reading, rule, view.fraction)}",
        tuple(columns),
        tuple(rows),
        _caption(analysis, view, region, blocks.count, len(pairs), speaks),
    )


def _columns(control: str, rope: float, speaks: bool) -> list[TableColumn]:
    region = f"{100 * rope:g} % of the span"
    return [
        TableColumn("loss", numeric=False),
        TableColumn(
            "difference",
            f"mean over families of the difference from {control}, with its range when one family is left out; "
            "positive is better",
        ),
        TableColumn("median"),
        TableColumn("ahead", f"families on which it is ahead of {control}"),
        TableColumn("level", f"families on which it is level with {control}"),
        TableColumn("behind", f"families on which it is behind {control}"),
        TableColumn("effect", "matched-pairs rank-biserial correlation, from −1 to 1"),
        TableColumn(
            "% of span",
            "mean over families of the difference in % of the family's span from floor to best, with its 95 % interval",
        ),
        TableColumn(
            "verdict",
            f"by that interval; {region} is the region of equivalence",
            numeric=False,
        ),
        TableColumn(
            "P(worse)", f"Bayesian signed-rank, posterior mean: worse than {control} by more than {region}"
        ),
        TableColumn("P(equal)", f"posterior mean: within {region} of {control}"),
        TableColumn("P(better)", f"posterior mean: better than {control} by more than {region}"),
        TableColumn(
            f"N for {100 * rope:g} %",
            f"families that find a true difference of {region} with 80 % power at Holm's first level, with this loss's "
            "spread; beside it the difference that the families here find with that power",
        ),
        *([TableColumn("p", "Wilcoxon signed-rank"), TableColumn("p (Holm)")] if speaks else []),
        TableColumn(
            "IQM",
            "interquartile mean of normalised scores with its 95 % interval: 0 is the floor, 1 the best loss "
            "of a dataset",
        ),
    ]


def _of_points(pair: AgainstControl, significant: bool) -> list[TableEntry]:
    found = pair.differences
    ends = [signed(end) for end in (found.low, found.high)]
    note = "" if found.low != found.low else f"{ends[0]} to {ends[1]} without one"
    return [
        word(pair.loss),
        signed_number(found.mean, best=significant)._replace(note=note),
        signed_number(found.median),
        *(TableEntry(str(families), families) for families in (pair.wins, pair.ties, pair.defeats)),
        signed_number(pair.effect, 2),
    ]


def share_entry(judged: Judged) -> TableEntry:
    """The mean share in %, with its interval where there are enough families; a dash where there is none."""
    found = judged.interval
    if np.isnan(found.mean):
        return number(None)
    enough = judged.families >= LEAST_FAMILIES
    note = f"{in_percent(found.low)} to {in_percent(found.high)}" if enough else ""
    return TableEntry(in_percent(found.mean), 100 * found.mean, note=note)


def _of_shares(region: Region, differences: Floats) -> list[TableEntry]:
    """Nothing where too few families have an interval."""
    judged = region.judge(differences)
    if not judged.families:
        return [number(None), word("cannot tell"), *[number(None)] * 3]
    bayes = region.bayes(differences)
    return [
        share_entry(judged),
        word(judged.word),
        *(number(value, 2) for value in (bayes.worse, bayes.equal, bayes.better)),
    ]


def _power(shares: Floats, rope: float, level: float, families: int) -> TableEntry:
    """By the spread of the `shares`; the test that finds something is over all `families`, as its p is."""
    spread = float(np.std(shares, ddof=1)) if len(shares) > 2 else 0.0
    if spread == 0:
        return number(None)
    needed, found = families_needed(rope / spread, level), effect_found(families, level)
    note = "" if found is None else f"finds {100 * found * spread:.1f} %"
    return TableEntry(f"{needed:,}" if needed else f"> {MOST_FAMILIES:,}", needed, note=note)


def _caption(
    analysis: Analysis, view: View, region: Region, families: int, comparisons: int, speaks: bool
) -> str:
    parts = [f"N = {count(families, 'family', 'families')}; more is better whatever the metric."]
    if speaks:
        parts.append("Bold: significantly different from the control (Wilcoxon, Holm, 5 %).")
    else:
        parts.append(
            f"No p-values: the smallest that Wilcoxon's test can reach over {count(families, 'family', 'families')}, "
            f"{smallest_p(families):.2g}, is above Holm's first level for {count(comparisons, 'comparison')}, "
            f"{ALPHA / comparisons:.2g}."
        )
    parts += region_words(region)
    if region.narrow:
        parts.append(
            f"Left out of shares, verdicts and P, so that there N = {families - len(region.narrow)}, {region.left_out}."
        )
    parts.append(WITHOUT_ONE)
    parts.append(Judged.legend(region.rope))
    parts.append(
        "Intervals, verdicts and P are of one comparison each, without a correction for their number."
    )
    found = analysis.friedman(view)
    return " ".join([*parts, *([] if found is None else [f"{friedman_words(found)}."])])


def _interquartile_means(analysis: Analysis, view: View) -> dict[str, TableEntry]:
    blocks = analysis.blocks(view)
    scores = None if blocks is None else normalise(analysis.grid, blocks, view.fraction)
    if scores is None or not scores.by_task:
        return {}
    found = interquartile_mean(scores)
    ends = zip(scores.losses, found.value.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
    return {
        loss: TableEntry(f"{value:.3f}", value, note=f"{low:.3f} to {high:.3f}")
        for loss, value, low, high in ends
    }


def _p(value: float | None, *, best: bool = False) -> TableEntry:
    if value is None:
        return number(None)
    return TableEntry(f"{value:.3f}" if value >= 0.001 else "< 0.001", value, best=best)
