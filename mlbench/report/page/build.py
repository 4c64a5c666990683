"""The page from the analysis: sections, fragments for every choice, and one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
from markupsafe import Markup

from mlbench.report.analysis import Analysis, View
from mlbench.report.draw import Figures
from mlbench.report.figures.save import Picture
from mlbench.report.figures.style import looks
from mlbench.report.grid import show_fraction
from mlbench.report.page.board import board
from mlbench.report.page.fragments import Fragments
from mlbench.report.protocol import environment, protocol
from mlbench.report.tables.model import Table
from mlbench.report.tables.scores import READING_WORDS
from mlbench.report.words import answer, caveats, question, totals
from mlbench.version import __version__

_HERE = Path(__file__).parent
_EVERY = ("metric", "reading", "fraction")
_NO_FIGURE = (
    "No figure for this choice: figures are drawn for the main metrics, where there is enough to draw."
)


@dataclass
class Section:
    """A part of the page: text, then blocks of HTML."""

    id: str
    title: str
    lines: list[str] = field(default_factory=list)
    blocks: list[Markup] = field(default_factory=list)


@dataclass(frozen=True)
class Content:
    """What the page is made of. `figures` are by slot and choices."""

    title: str
    sources: str
    tables: Mapping[View, Table]
    figures: Figures
    problems: Sequence[str]


def page(analysis: Analysis, content: Content) -> str:
    """The whole file."""
    environment_ = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True
    )
    show = environment_.get_template("macros.html.jinja").module
    fragments, default = Fragments(), analysis.default
    if default is None:
        raise ValueError("a page needs at least one finished cell")
    _fill(analysis, content, fragments, show)
    return environment_.get_template("page.html.jinja").render(
        title=content.title,
        sources=content.sources,
        version=__version__,
        totals=totals(analysis),
        default=default,
        slot=lambda name: fragments.slot(name, _EVERY, default, "This metric is in the tables only."),
        metrics=_metric_groups(analysis),
        readings=[(reading, READING_WORDS[reading]) for reading in analysis.readings],
        fractions=[
            (index, show_fraction(fraction)) for index, fraction in enumerate(analysis.grid.fractions)
        ],
        losses=analysis.grid.losses,
        tasks=analysis.grid.task_names,
        sections=_sections(analysis, content, fragments, default),
        fragments=fragments.packed(),
        style=_static("style.css"),
        script=_static("page.js"),
        library=_static("datatables/dataTables.min.js"),
    )


def _fill(analysis: Analysis, content: Content, fragments: Fragments, show: object) -> None:
    look = looks(analysis.grid.losses)
    macros = {name: getattr(show, name) for name in ("table", "answer", "board")}
    for view, table in content.tables.items():
        fragments.add("table", view, macros["table"](table))
    for view in analysis.views(analysis.main):
        fragments.add("answer", view, macros["answer"](answer(analysis, view), question(analysis, view)))
        rows = board(analysis, view, look)
        if rows:
            fragments.add("board", view, macros["board"](rows, len(rows)))
    for (slot, *choices), picture in content.figures.items():
        fragments.add(str(slot), choices, figure(picture))


def figure(picture: Picture) -> str:
    """An inline SVG with its caption and links to its files."""
    files = Markup('<a href="figures/{0}.png">PNG</a> · <a href="figures/{0}.svg">SVG</a>').format(
        picture.key
    )
    caption = Markup("<figcaption>{}. {}</figcaption>").format(picture.title, files)
    return f'<figure><div class="scroll">{picture.svg}</div>{caption}</figure>'


def _sections(analysis: Analysis, content: Content, fragments: Fragments, default: View) -> list[Section]:
    def slot(name: str, by: Sequence[str] = _EVERY) -> Markup:
        return fragments.slot(name, by, default[: len(by)], _NO_FIGURE)

    return [
        Section(
            "results",
            "Ranking",
            ["Average rank over families of datasets, with a paired bootstrap over families and seeds."],
            [slot("board")],
        ),
        Section("scores", "Scores", [], [slot("table")]),
        Section(
            "curves",
            "Learning curves",
            ["Scores over fractions of the training data: means over seeds with their 95 % interval."],
            [slot("curves", _EVERY[:2])],
        ),
        Section("heatmap", "Ranks by dataset", [], [slot("ranks")]),
        Section(
            "protocol",
            "How this was measured",
            [],
            [_list(protocol(analysis.grid)), _facts(environment(analysis.grid))],
        ),
        Section("caveats", "What to keep in mind", [], [_list(caveats(analysis, content.problems))]),
    ]


def _metric_groups(analysis: Analysis) -> list[tuple[str, list[tuple[str, str]]]]:
    rest = [key for key in analysis.grid.metric_keys if key not in analysis.main]
    groups = [("Main", list(analysis.main)), ("Overall", [key for key in rest if "/" not in key])]
    groups.append(("By label frequency", [key for key in rest if "/" in key]))
    return [(name, [(key, analysis.measures[key].title) for key in keys]) for name, keys in groups if keys]


def _list(lines: Sequence[str]) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(line) for line in lines)
    return Markup('<ul class="plain">{}</ul>').format(items)


def _facts(pairs: Sequence[tuple[str, str]]) -> Markup:
    items = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*pair) for pair in pairs)
    return Markup('<dl class="facts">{}</dl>').format(items)


def _static(name: str) -> Markup:
    return Markup((_HERE / "static" / name).read_text(encoding="utf-8"))
