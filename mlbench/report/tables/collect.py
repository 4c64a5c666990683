"""All tables of a report, grouped as their files are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mlbench.report.analysis import Analysis, View
from mlbench.report.analysis.trial_table import choices
from mlbench.report.data.grid import READING_WORDS
from mlbench.report.data.kinds import kind_of
from mlbench.report.data.measures import file_name
from mlbench.report.tables.breakdowns import frequency_table, variants_table
from mlbench.report.tables.comparison import comparison_table
from mlbench.report.tables.cost import cost_tables
from mlbench.report.tables.glance import glance_table
from mlbench.report.tables.influence import influence_table
from mlbench.report.tables.model import Table
from mlbench.report.tables.scores import score_table
from mlbench.report.tables.settings import settings_table
from mlbench.report.tables.summary import summary_table
from mlbench.report.tables.tuning import tuning_table
from mlbench.report.wording import show_fraction

Leading = dict[str, str]


@dataclass(frozen=True)
class Tables:
    """All tables of a report: by view, or by the fraction's index."""

    glance: Table
    scores: dict[View, Table]
    comparison: dict[View, Table]
    frequency: dict[View, Table]
    variants: dict[View, Table]
    influence: dict[View, Table]
    cost: dict[int, list[Table]]
    tuning: dict[int, Table]
    settings: Table
    summary: Table | None = None
    contrasts: Table | None = None


def collect(analysis: Analysis, contrasts: Table | None = None) -> Tables:
    """Every table that the records have numbers for, beside that of the `contrasts` asked for; those of an older
    protocol say so in each caption."""
    main = list(analysis.views(analysis.main))
    comparison = {view: comparison_table(analysis, view) for view in main}
    frequency = {view: frequency_table(analysis, view) for view in main}
    variants = {view: variants_table(analysis, view) for view in main}
    influence = {view: influence_table(analysis, view) for view in main}
    cost = {place: cost_tables(analysis.grid, place) for place in range(len(analysis.grid.fractions))}
    short = kind_of(analysis.grid.cells).short

    summary = summary_table(analysis)

    def marked(table: Table) -> Table:
        return replace(table, caption=f"{short}. {table.caption}".rstrip()) if short else table

    return Tables(
        summary=None if summary is None else marked(summary),
        contrasts=None if contrasts is None else marked(contrasts),
        glance=marked(glance_table(analysis)),
        scores={view: marked(scores_of(analysis, view)) for view in analysis.views()},
        comparison={view: marked(table) for view, table in comparison.items() if table is not None},
        frequency={view: marked(table) for view, table in frequency.items() if table is not None},
        variants={view: marked(table) for view, table in variants.items() if table is not None},
        influence={view: marked(table) for view, table in influence.items() if table is not None},
        cost={place: list(map(marked, found)) for place, found in cost.items()},
        tuning={place: marked(table) for place, table in _tuning(analysis).items()},
        settings=marked(settings_table(analysis.grid)),
    )


def _tuning(analysis: Analysis) -> dict[int, Table]:
    grid, found = analysis.grid, {}
    for fraction in range(len(grid.fractions)):
        bought = analysis.budget(fraction)
        if bought is not None:
            chosen = choices(grid, analysis.trials, fraction)
            found[fraction] = tuning_table(grid, fraction, bought, chosen, analysis.selected_by)
    return found


def scores_of(analysis: Analysis, view: View) -> Table:
    """The table of one metric, reading and fraction."""
    measure = analysis.measures[view.key]
    return score_table(
        analysis.grid, view.reading, measure, view.fraction, analysis.blocks(view), analysis.within(view)
    )


def files(analysis: Analysis, tables: Tables) -> Iterator[tuple[str, list[tuple[Leading, Table]]]]:
    """File names without ending, each with its tables and what distinguishes their rows in CSV."""
    yield "glance", [({}, tables.glance)]
    if tables.summary:
        yield "summary", [({}, tables.summary)]
    yield "settings", [({}, tables.settings)]
    for key in analysis.grid.metric_keys:
        yield file_name(key), _of_views(analysis, {v: t for v, t in tables.scores.items() if v.key == key})
    if tables.contrasts:
        yield "contrasts", [({}, tables.contrasts)]
    if tables.comparison:
        yield "control", _of_views(analysis, tables.comparison)
    if tables.frequency:
        yield "frequency", _of_views(analysis, tables.frequency)
    if tables.variants:
        yield "variants", _of_views(analysis, tables.variants)
    if tables.influence:
        yield "influence", _of_views(analysis, tables.influence)
    costs = [
        (
            {"training data": show_fraction(analysis.grid.fractions[place]), "of": table.title.split(":")[0]},
            table,
        )
        for place, found in tables.cost.items()
        for table in found
    ]
    if costs:
        yield "cost", costs
    if tables.tuning:
        fractions = analysis.grid.fractions
        yield (
            "tuning",
            [
                ({"training data": show_fraction(fractions[place])}, table)
                for place, table in tables.tuning.items()
            ],
        )


def _of_views(analysis: Analysis, tables: dict[View, Table]) -> list[tuple[Leading, Table]]:
    fractions = analysis.grid.fractions
    return [
        (
            {
                "metric": view.key,
                "reading": READING_WORDS[view.reading],
                "training data": show_fraction(fractions[view.fraction]),
            },
            table,
        )
        for view, table in tables.items()
    ]
