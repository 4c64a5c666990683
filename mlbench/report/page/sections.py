"""What the page shows, part by part, in the order in which a reader asks."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from mlbench.report.analysis import Analysis, View
from mlbench.report.claims import CheckedClaim
from mlbench.report.output.others import Other
from mlbench.report.page.claims import claim_list, claim_rule
from mlbench.report.page.fragments import Fragments, Section
from mlbench.report.tables.collect import Tables
from mlbench.report.tables.formats.html import to_html
from mlbench.report.tables.model import Table
from mlbench.report.text.caveats import caveats
from mlbench.report.text.protocol import environment, protocol

_EVERY = ("metric", "reading", "fraction")
_MISSING = "Nothing to show for this choice: statistics and figures cover the main metrics alone."
_EMPTY = {
    "board": "Nothing can be ranked here: see the scores below.",
    "differences": "A critical-difference diagram needs a main metric, and losses that can be ranked.",
    "from-control": "Fewer than six families with a wide enough span have no intervals to draw.",
    "control": "No comparison with a control: bce is not among the losses ranked, or this is no main metric.",
    "frequency": "The records hold no buckets of label frequency for this choice.",
    "influence": "It takes six families with a wide enough span, the control, and a main metric.",
    "influence-figure": "",
    "variants": "No family has all variants for this choice, or this is no main metric.",
    "evidence": "",
    "buckets": "",
    "tuning-table": "Nothing was tuned at this fraction.",
    "tuning": "",
    "curves": "No learning curve: these records are of one fraction of the training data, or this is no main metric.",
    "labels": "All datasets have equally many labels, or there is one loss alone.",
}


def sections(
    analysis: Analysis,
    tables: Tables,
    claims: Sequence[CheckedClaim],
    problems: Sequence[str],
    fragments: Fragments,
    default: View,
    repeated: Sequence[str] = (),
) -> list[Section]:
    """All of them; a slot in one shows the fragment of the reader's choice."""

    def slot(name: str, *by: str) -> Markup:
        chosen = dict(zip(_EVERY, default, strict=True))
        by = by or _EVERY
        return fragments.slot(name, by, [chosen[part] for part in by], _EMPTY.get(name, _MISSING))

    one = len(analysis.grid.families) == 1
    return [
        Section(
            "results",
            "Ranking",
            [_one_family(analysis) if one else _FAMILIES],
            [slot("board")] if one else [slot("board"), slot("evidence"), slot("differences")],
        ),
        *_where(Section("losses", "Every loss"), table=tables.summary),
        Section("scores", "Scores", [], [slot("table")]),
        Section(
            "control",
            "Against the control",
            [
                f"How far each loss is from one control{'' if one else ', across families'}, and how sure that is."
            ],
            [slot("control")] if one else [slot("from-control"), slot("control"), slot("wins")],
        ),
        *_where(Section("contrasts", "What was asked"), table=tables.contrasts),
        *(
            [
                Section(
                    "influence",
                    "Where it matters",
                    [_INFLUENCE],
                    [slot("influence"), slot("influence-figure")],
                )
            ]
            if tables.influence
            else []
        ),
        *_where(Section("repeats", TWICE, [_TWICE]), lines=repeated),
        Section(
            "curves",
            "Learning curves",
            [
                "Scores over fractions of the training data: "
                + (
                    "means over seeds, of the leaders with their 95 % interval."
                    if len(analysis.grid.seeds) > 1
                    else "one seed, so no intervals."
                )
            ],
            [slot("curves", "metric", "reading")],
        ),
        Section(
            "datasets",
            "Dataset by dataset",
            [],
            [slot("ranks"), slot("labels"), *([] if one else [slot("profiles")])],
        ),
        *(
            [Section("variants", "Variants of a dataset", [_VARIANTS], [slot("variants")])]
            if tables.variants
            else []
        ),
        Section("frequency", "Frequent and rare labels", [], [slot("frequency"), slot("buckets")]),
        *(
            [
                Section(
                    "tuning",
                    "What tuning bought",
                    [
                        "Every loss had the same number of trials, unless a caveat below says otherwise. On each "
                        "dataset the trial that was best on validation was trained anew, on other seeds. This section "
                        "shows the trials themselves: the curve is the test score to expect of fewer of them, and "
                        "tables/trials.csv lists them all."
                    ],
                    [slot("tuning-table", "fraction"), slot("tuning", "fraction")],
                )
            ]
            if tables.tuning
            else []
        ),
        Section("cost", "What it costs", [], [slot("cost"), slot("cost-table", "fraction")]),
        Section(
            "training",
            "While training",
            [
                "The leading losses: the score on validation by which the epoch is chosen, and the gradient norm."
            ],
            [slot("training", "fraction"), slot("norms", "fraction")],
        ),
        Section("claims", "What the papers claim", [claim_rule(analysis.rope)], [claim_list(claims)]),
        Section(
            "protocol",
            "How this was measured",
            [],
            [
                _list(protocol(analysis.grid, analysis.trials)),
                Markup(to_html(tables.settings)),
                _facts(environment(analysis.grid, analysis.trials)),
            ],
        ),
        Section("caveats", "What to keep in mind", [], [_list(caveats(analysis, problems))]),
    ]


def _where(section: Section, *, lines: Sequence[str] = (), table: Table | None = None) -> list[Section]:
    """The section with what there is to say in it; none where that is nothing."""
    if lines:
        section.blocks.append(_list(lines))
    if table is not None:
        section.blocks.append(Markup(to_html(table)))
    return [section] if section.blocks else []


def other_section(other: Other) -> Section:
    """Of records that may not share a table with those above: their answer, a table, and where the rest is."""
    link = Markup('<p><a href="{}/index.html">All tables and figures of these results</a></p>').format(
        other.folder
    )
    table = [Markup(to_html(other.table, sortable=False))] if other.table else []
    return Section(other.kind.name, other.title, other.lines, [*table, link])


TWICE = "The same loss twice"
_TWICE = (
    "Trained once more with the same settings under seeds of its own, a loss should not differ from itself. "
    "It stands in no table and in no rank."
)
_VARIANTS = (
    "The datasets of a family share their inputs and differ in something, such as the labels that are hidden or the "
    "length of training: whether the order of losses holds."
)
_INFLUENCE = (
    "Whether how far a loss is from the control goes with what the data are like: the kind of input, the number of "
    "labels, how rare the rarest is, how many rows there are."
)
_FAMILIES = (
    "Average rank over families of datasets, its interval by a paired bootstrap over families, then seeds. A loss "
    "marked “no” is, with 95 % confidence, not one of the best: stepwise sign flips of whole families drop the worst "
    "until the rest are not significantly different."
)


def _one_family(analysis: Analysis) -> str:
    sources = [analysis.source_on_one_family(view) for view in analysis.views(analysis.main)]
    source = max(sources, key=len, default="")
    marks = (
        f"A loss marked “no” is significantly different from the first one (by {source}, 5 %, Holm over all pairs)."
        if source
        else "No loss is marked “no”: nothing says how sure a difference is."
    )
    return f"One family of datasets: nothing here says how losses do on others. {marks}"


def _list(lines: Sequence[str]) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(line) for line in lines)
    return Markup('<ul class="plain">{}</ul>').format(items)


def _facts(pairs: Sequence[tuple[str, str]]) -> Markup:
    items = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*pair) for pair in pairs)
    return Markup('<dl class="facts">{}</dl>').format(items)
