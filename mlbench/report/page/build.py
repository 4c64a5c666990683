"""The page from the analysis: sections, fragments for every choice, and one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mlbench.report.analysis import Analysis, View
from mlbench.report.claims import CheckedClaim
from mlbench.report.data.grid import DONE, FAILED, READING_WORDS
from mlbench.report.data.kinds import kind_of
from mlbench.report.figures.draw import Figures
from mlbench.report.figures.jobs import styles_of
from mlbench.report.figures.save import SavedFigure
from mlbench.report.one_dataset.verdict import find_verdict
from mlbench.report.output.folder import MARK
from mlbench.report.output.others import Other
from mlbench.report.page.board import board
from mlbench.report.page.cells import cell_rows
from mlbench.report.page.fragments import Fragments, Section
from mlbench.report.page.one_dataset import about_one, standings
from mlbench.report.page.sections import other_section, sections
from mlbench.report.page.templating import environment, static
from mlbench.report.tables.collect import Tables
from mlbench.report.tables.formats.html import to_html
from mlbench.report.text.answer import opening, question
from mlbench.report.text.evidence import evidence, no_diagram
from mlbench.report.wording import show_fraction
from mlbench.version import __version__

_EVERY = ("metric", "reading", "fraction")


@dataclass(frozen=True)
class Content:
    """What the page is made of."""

    title: str
    sources: str
    """The folders of the records."""
    tables: Tables
    figures: Figures
    claims: Sequence[CheckedClaim]
    commands: Mapping[str, str]
    """What makes each cell again, by its id."""
    problems: Sequence[str]
    """What is wrong with the records."""
    cell_pages: bool = False
    """Whether each cell has a page of its own."""
    others: Sequence[Other] = ()
    """Records that may not share a table with these."""
    repeated: Sequence[str] = ()
    """What is said of losses that were trained once more."""
    by_label: Sequence[Section] = ()
    """What is shown label by label, of one dataset."""


def page(analysis: Analysis, content: Content) -> str:
    """The whole file."""
    templates = environment()
    fragments, default = Fragments(), analysis.default
    if default is None:
        raise ValueError("a page needs at least one finished cell")
    _fill(analysis, content, fragments, templates.get_template("macros.html.jinja").module)
    return templates.get_template("page.html.jinja").render(
        mark=Markup(MARK),
        title=content.title,
        mark_of_age=kind_of(analysis.grid.cells).mark,
        sources=content.sources,
        version=__version__,
        totals=totals(analysis),
        default=default,
        glance=Markup(to_html(content.tables.glance, sortable=False)),
        slot=lambda name: fragments.slot(name, _EVERY, default, "This metric is in the tables only."),
        metrics=_metric_groups(analysis),
        readings=[(reading, READING_WORDS[reading]) for reading in analysis.readings],
        fractions=[
            (index, show_fraction(fraction)) for index, fraction in enumerate(analysis.grid.fractions)
        ],
        losses=analysis.grid.losses,
        tasks=analysis.grid.task_names,
        sections=[*_sections(analysis, content, fragments, default), *map(other_section, content.others)],
        cells=len(analysis.grid.cells),
        fragments=fragments.packed(),
        style=static("style.css"),
        script=static("page.js"),
        library=static("datatables/dataTables.min.js"),
    )


def _sections(analysis: Analysis, content: Content, fragments: Fragments, default: View) -> list[Section]:
    found = sections(
        analysis, content.tables, content.claims, content.problems, fragments, default, content.repeated
    )
    if len(analysis.grid.tasks) > 1:
        return found
    slot = fragments.slot("standings", _EVERY, default, "Made for the main metrics alone: see the scores.")
    return about_one(found, slot, content.by_label, has_buckets=default in content.tables.frequency)


def figure(saved: SavedFigure) -> str:
    """An inline SVG with its caption and links to its files."""
    files = Markup('<a href="figures/{0}.png">PNG</a> · <a href="figures/{0}.svg">SVG</a>').format(saved.key)
    caption = Markup("<figcaption>{}. {}</figcaption>").format(saved.title, files)
    scroll = Markup('<div class="scroll" tabindex="0" role="region" aria-label="{}">').format(saved.title)
    return f"<figure>{scroll}{saved.svg}</div>{caption}</figure>"


def _fill(analysis: Analysis, content: Content, fragments: Fragments, macros: Any) -> None:
    styles = styles_of(analysis)
    tables = content.tables
    for slot, group in (
        ("table", tables.scores),
        ("control", tables.comparison),
        ("frequency", tables.frequency),
        ("variants", tables.variants),
        ("influence", tables.influence),
    ):
        for view, table in group.items():
            fragments.add(slot, view, to_html(table))
    for fraction, table in tables.tuning.items():
        fragments.add("tuning-table", (fraction,), to_html(table))
    for fraction, found in tables.cost.items():
        if found:
            fragments.add("cost-table", (fraction,), "".join(map(to_html, found)))
    for view in analysis.views(analysis.main):
        fragments.add("answer", view, macros.answer(opening(analysis, view), question(analysis, view)))
        verdict = find_verdict(analysis, view) if len(analysis.grid.tasks) == 1 else None
        if verdict is not None and verdict.measure.ranked:
            fragments.add("standings", view, standings(verdict))
        if said := evidence(analysis, view):
            fragments.add("evidence", view, macros.evidence(said))
        rows = board(analysis, view, styles)
        if rows:
            fragments.add("board", view, macros.board(rows, len(rows)))
        if why := no_diagram(analysis, view):
            fragments.add("differences", view, macros.empty(why))
    for place, saved in content.figures.items():
        fragments.add(str(place[0]), place[1:], figure(saved))
    fragments.add("cells", (), cell_rows(analysis, content.commands, pages=content.cell_pages))


def _metric_groups(analysis: Analysis) -> list[tuple[str, list[tuple[str, str]]]]:
    rest = [key for key in analysis.grid.metric_keys if key not in analysis.main]
    groups = [("Main", list(analysis.main)), ("Overall", [key for key in rest if "/" not in key])]
    groups.append(("By label frequency", [key for key in rest if "/" in key]))
    return [(name, [(key, analysis.measures[key].title) for key in keys]) for name, keys in groups if keys]


def totals(analysis: Analysis) -> list[tuple[str, str]]:
    """The size of the comparison: pairs of a number and what it counts."""
    grid = analysis.grid
    done, failed = int((grid.state == DONE).sum()), int((grid.state == FAILED).sum())
    pairs = [
        (f"{len(grid.losses):,}", "loss" if len(grid.losses) == 1 else "losses"),
        (f"{len(grid.tasks):,}", "dataset" if len(grid.tasks) == 1 else "datasets"),
        (", ".join(show_fraction(fraction) for fraction in grid.fractions), "of the training data"),
        (f"{len(grid.seeds):,}", "seed" if len(grid.seeds) == 1 else "seeds"),
        (f"{done:,}", "finished cells"),
    ]
    return [*pairs, (f"{failed:,}", "failed")] if failed else pairs
