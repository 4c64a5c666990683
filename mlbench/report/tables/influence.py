"""Where the choice of loss matters: differences from the control by kind of input and by what families are like."""

from __future__ import annotations

from mlbench.report.analysis import Analysis, View
from mlbench.report.analysis.influence import LEAST_VALUES, Correlation, Influence, Influences, influences
from mlbench.report.statistics.correlation import LEAST_P
from mlbench.report.statistics.equivalence import Judged
from mlbench.report.statistics.frequentist import ALPHA
from mlbench.report.statistics.interval import LEAST_FAMILIES
from mlbench.report.tables.comparison import share_entry
from mlbench.report.tables.model import Row, Table, TableColumn, TableEntry, number, signed_number, word
from mlbench.report.tables.scores import view_key, view_title
from mlbench.report.wording import count

SPREAD = "spread of all losses"


def influence_table(analysis: Analysis, view: View) -> Table | None:
    """None where `influences` has nothing."""
    found = influences(analysis, view)
    if found is None:
        return None
    grid, rule = analysis.grid, analysis.measures[view.key]
    columns = (
        TableColumn("loss", numeric=False),
        *(TableColumn(f"{kind} ({families})", _OF_KIND) for kind, families in found.kinds.items()),
        *(TableColumn(f"ρ, {trait}", _OF_TRAIT) for trait in found.traits),
    )
    rows = [_row(loss, found, influence) for loss, influence in found.losses.items()]
    return Table(
        f"influence-{view_key(grid, view.reading, rule, view.fraction)}",
        f"Where it matters, {view_title(grid, view.reading, rule, view.fraction)}",
        columns,
        (*rows, _row(SPREAD, found, found.spread, sided=False)),
        _caption(found),
    )


_OF_KIND = (
    "mean over these families of the difference from the control in % of the span, with its 95 % interval"
)
_OF_TRAIT = (
    "Spearman's rank correlation over families of that share and this number, with its p by permutation"
)


def _row(name: str, found: Influences, influence: Influence, *, sided: bool = True) -> Row:
    return Row(
        (
            word(name),
            *(_of_kind(influence.by_kind[kind], sided=sided) for kind in found.kinds),
            *(_of_trait(influence.by_trait.get(trait)) for trait in found.traits),
        ),
        "loss" if sided else "reference",
    )


def _of_kind(judged: Judged, *, sided: bool) -> TableEntry:
    return share_entry(judged) if sided else number(100 * judged.interval.mean, 1)


def _of_trait(found: Correlation | None) -> TableEntry:
    if found is None:
        return number(None)
    least = "≤ " if found.p == LEAST_P else ""
    note = f"p {found.p:.2f}" if found.p >= 0.01 else f"p {least}{found.p:.4f}"
    return signed_number(found.rho, 2, best=found.p_holm <= ALPHA)._replace(note=note)


def _caption(found: Influences) -> str:
    parts = [
        f"Over {count(found.families, 'family', 'families')} whose span from floor to best is wide enough, in brackets "
        f"how many have each kind of input: the mean difference from {found.control} in % of the span, with its 95 % "
        f"interval where there are {LEAST_FAMILIES} or more. Trained: the encoder is, with the loss.",
        f"{SPREAD.capitalize()}: the standard deviation over all losses, {found.control} among them.",
    ]
    if found.traits:
        parts.append(
            "ρ: Spearman's correlation of a family's share with its number of labels and the like; above 0 where a "
            f"loss gains on {found.control} as that grows, and in the last row where the choice matters more. p by "
            "permutation of the families, of one correlation each; bold: 5 % after Holm's correction over all of this "
            "table, of which there is one for each metric and reading."
        )
        parts.append(
            "What families are like goes together, so that a correlation with one number may be due to another."
        )
    else:
        parts.append(
            f"No correlations: they take {LEAST_FAMILIES} families that differ, of {LEAST_VALUES} values or more."
        )
    return " ".join(parts)
