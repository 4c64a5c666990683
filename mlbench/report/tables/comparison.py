"""Every loss against the control, across families: how far, how often, how sure."""

from __future__ import annotations

from mlbench.report.analysis import Analysis, View
from mlbench.report.plurals import count
from mlbench.report.statistics import interquartile_mean, normalise, signed_rank, smallest_p
from mlbench.report.statistics.bayes import ROPE
from mlbench.report.statistics.frequentist import ALPHA
from mlbench.report.tables.model import Column, Entry, Row, Table, number, word
from mlbench.report.tables.scores import view_key, view_title
from mlbench.report.words import friedman_words


def comparison_table(analysis: Analysis, view: View) -> Table | None:
    """Differences from the control with Wilcoxon–Holm, the Bayesian signed-rank test and effect sizes.

    None where there is no control to compare with.
    """
    blocks, pairs = analysis.blocks(view), analysis.pairs(view)
    if blocks is None or not pairs:
        return None
    control = pairs[0].control
    speaks = pairs[0].p is not None
    iqm = _interquartile_means(analysis, view)
    columns = [
        Column("loss", numeric=False),
        Column("difference", f"mean over families of the difference from {control}; positive is better"),
        Column("median"),
        Column("ahead", f"families on which it is ahead of {control}"),
        Column("level", f"families on which it is level with {control}"),
        Column("behind", f"families on which it is behind {control}"),
        Column("effect", "matched-pairs rank-biserial correlation, from −1 to 1"),
        Column("P(worse)", f"Bayesian signed-rank: worse than {control} by more than {ROPE:g}"),
        Column("P(equal)", f"within ±{ROPE:g} of {control}"),
        Column("P(better)", f"better than {control} by more than {ROPE:g}"),
        *([Column("p", "Wilcoxon signed-rank"), Column("p (Holm)")] if speaks else []),
        Column(
            "IQM",
            "interquartile mean of normalised scores with its 95 % interval: 0 is the floor, 1 the best loss "
            "of a dataset",
        ),
    ]
    rows = []
    for pair in sorted(pairs, key=lambda pair: -pair.mean):
        bayes = signed_rank(blocks.differences(pair.loss, control))
        told = pair.p_holm is not None and pair.p_holm <= ALPHA
        entries = [
            word(pair.loss),
            _signed(pair.mean, best=told),
            _signed(pair.median),
            *(Entry(str(families), families) for families in (pair.wins, pair.ties, pair.defeats)),
            _signed(pair.effect, 2),
            *(number(value, 2) for value in (bayes.worse, bayes.equal, bayes.better)),
        ]
        if speaks:
            entries += [_p(pair.p), _p(pair.p_holm, best=told)]
        rows.append(Row((*entries, iqm.get(pair.loss, number(None)))))
    blank = [word("") for _ in columns[1:-1]]
    rows.append(Row((word(f"{control} (control)"), *blank, iqm.get(control, number(None))), "reference"))
    return Table(
        f"control-{view_key(analysis.grid, view.reading, analysis.measures[view.key], view.fraction)}",
        f"Against {control}, {view_title(analysis.grid, view.reading, analysis.measures[view.key], view.fraction)}",
        tuple(columns),
        tuple(rows),
        _caption(analysis, view, blocks.count, len(pairs), speaks),
    )


def _caption(analysis: Analysis, view: View, families: int, comparisons: int, speaks: bool) -> str:
    text = f"N = {count(families, 'family', 'families')}; more is better whatever the metric. "
    if speaks:
        text += "Bold: told apart from the control (Wilcoxon, Holm, 5 %)."
    else:
        text += (
            f"No p-values: the smallest that Wilcoxon's test can reach over {count(families, 'family', 'families')}, "
            f"{smallest_p(families):.2g}, is above Holm's first level for {count(comparisons, 'comparison')}, "
            f"{ALPHA / comparisons:.2g}."
        )
    found = analysis.friedman(view)
    return text if found is None else f"{text} {friedman_words(found)}."


def _interquartile_means(analysis: Analysis, view: View) -> dict[str, Entry]:
    blocks = analysis.blocks(view)
    scores = None if blocks is None else normalise(analysis.grid, blocks, view.fraction)
    if scores is None or not scores.by_task:
        return {}
    found = interquartile_mean(scores)
    ends = zip(scores.losses, found.value.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
    return {
        loss: Entry(f"{value:.3f}", value, note=f"{low:.3f} to {high:.3f}") for loss, value, low, high in ends
    }


def _signed(value: float, digits: int = 3, *, best: bool = False) -> Entry:
    plain = number(value, digits, best=best)
    sign = "+" if value > 0 and float(plain.text) != 0 else ""
    return plain._replace(text=sign + plain.text.replace("-", "−"))


def _p(value: float | None, *, best: bool = False) -> Entry:
    if value is None:
        return number(None)
    return Entry(f"{value:.3f}" if value >= 0.001 else "< 0.001", value, best=best)
