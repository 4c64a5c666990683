"""`mlbench report`: records in, a folder with the page, tables and figures out."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from mlbench.report.analysis import Analysis
from mlbench.report.claims import check_claims, claims_table
from mlbench.report.contrasts.asked import AskedContrast, check_names, read_contrast
from mlbench.report.contrasts.repeats import once_more
from mlbench.report.contrasts.table import contrasts_table
from mlbench.report.data.grid import Grid
from mlbench.report.data.measures import main_keys
from mlbench.report.data.merge import Merged, check_something_finished, merge_kinds
from mlbench.report.data.replicates import StoredReplicates
from mlbench.report.figures.draw import draw_all
from mlbench.report.garbage import uncollected
from mlbench.report.output.files import write_documents, write_records, write_tables
from mlbench.report.output.folder import OTHERS, PAGE, part, prepare
from mlbench.report.output.others import Other
from mlbench.report.page.build import Content, page
from mlbench.report.page.one_dataset import label_sections
from mlbench.report.page.single import write_cell_pages
from mlbench.report.statistics import ROPE
from mlbench.report.tables.collect import Tables, collect
from mlbench.report.wording import count


@uncollected()
def build(
    paths: Sequence[Path],
    output: Path,
    *,
    cells: bool,
    against: Sequence[Path],
    rope: float = ROPE,
    contrasts: Sequence[str] = (),
) -> Path:
    """Write the report of all records under `paths` into the folder `output`; returns its `index.html`. `contrasts` are
    questions as `read_contrast` reads them.

    The page is that of the newest kind of records that finished, of one version the tuned ones; every other kind
    has a section in it, and a page with tables and figures of its own in a folder below. Raises DataError where there
    is no record, or none that finished, and for a folder that is somebody else's.
    """
    kinds = merge_kinds(paths, against)
    together = pd.concat([merged.cells for merged in kinds], ignore_index=True)
    problems = [problem for merged in kinds for problem in merged.problems]
    check_something_finished(together, paths, problems)
    shown = [merged for merged in kinds if merged.finished]
    idle = [
        f"{count(len(merged.cells), 'cell')} of {merged.kind.words}: none finished"
        for merged in kinds
        if not merged.finished and len(merged.cells)
    ]
    questions = [read_contrast(text) for text in contrasts]
    check_names(questions, *_names(shown))
    newest = replace(shown[0], problems=(*problems, *idle))
    asked = _Asked(paths, against, cells, rope, questions)
    prepare(output)
    others = [_other(merged, output, asked) for merged in shown[1:]]
    _write(newest, output, asked, others)
    return output / PAGE


def _names(shown: Sequence[Merged]) -> tuple[set[str], set[str]]:
    """The losses and the metrics that any of the records have."""
    grids = [Grid(merged.cells) for merged in shown]
    return {loss for grid in grids for loss in grid.losses}, {
        key for grid in grids for key in grid.metric_keys
    }


@dataclass(frozen=True)
class _Asked:
    """What is wanted of a report, the same for every kind of records."""

    paths: Sequence[Path]
    against: Sequence[Path]
    cells: bool
    rope: float
    questions: Sequence[AskedContrast]


def _other(merged: Merged, output: Path, asked: _Asked) -> Other:
    """A kind of its own: its report in a folder below, and what the first page says of it."""
    folder = part(output, OTHERS) / merged.kind.name
    prepare(folder)
    analysis, tables = _write(merged, folder, asked)
    return Other(merged.kind, analysis, tables, f"{OTHERS}/{merged.kind.name}")


def _write(
    merged: Merged, output: Path, asked: _Asked, others: Sequence[Other] = ()
) -> tuple[Analysis, Tables]:
    """The report of one kind of records."""
    grid = Grid(merged.cells)
    replicates = StoredReplicates(grid, asked.paths, main_keys(grid.metric_keys), asked.against)
    analysis = Analysis(grid, replicates, merged.trials, rope=asked.rope)
    # Figures first: their processes are gone before the tables fill the memory.
    figures = draw_all(analysis, part(output, "figures"))
    tables = collect(analysis, contrasts_table(analysis, asked.questions))
    claims = check_claims(analysis)
    repeated = once_more(analysis, merged.repeats)
    title = ", ".join(sorted(merged.cells["suite"].dropna().astype(str).unique())) or output.name
    commands = _commands(grid.cells["id"], (*asked.paths, *asked.against))
    write_tables(analysis, tables, part(output, "tables"))
    write_documents(analysis, tables, claims_table(claims), output, title, merged.problems, others, repeated)
    write_records(analysis, output)
    if asked.cells:
        write_cell_pages(analysis, commands, part(output, "cells"))
    one = analysis.default if len(grid.tasks) == 1 else None
    by_label = [] if one is None else label_sections(analysis, one, asked.paths, output)
    content = Content(
        title=title,
        sources=", ".join(str(source) for source in (*asked.paths, *asked.against)),
        tables=tables,
        figures=figures,
        claims=claims,
        repeated=repeated,
        commands=commands,
        problems=merged.problems,
        cell_pages=asked.cells,
        others=others,
        by_label=by_label,
    )
    (output / PAGE).write_text(page(analysis, content), encoding="utf-8")
    return analysis, tables


def _commands(identifiers: Iterable[object], places: Sequence[Path]) -> dict[str, str]:
    """What trains each cell again, and says whether its numbers are those of its record."""
    where = [word for place in places for word in ("--results", str(place))]
    return {str(each): shlex.join(["mlbench", "cell", str(each), *where]) for each in identifiers}
