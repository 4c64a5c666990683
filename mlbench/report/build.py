"""`mlbench report`: records in, a folder with the page, tables and figures out."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from mlbench.errors import DataError
from mlbench.records import load_records
from mlbench.report.analysis import Analysis, View
from mlbench.report.draw import draw_all
from mlbench.report.grid import Grid, show_fraction
from mlbench.report.measures import main_keys
from mlbench.report.page.build import Content, page
from mlbench.report.replicates import Replicates
from mlbench.report.tables import comma, latex, markdown
from mlbench.report.tables.model import Table
from mlbench.report.tables.scores import READING_WORDS, file_name, score_table
from mlbench.report.words import answer, caveats, question


def build(paths: Iterable[Path], output: Path) -> Path:
    """Write the report of all records under `paths` into the folder `output`; returns its `index.html`.

    Raises DataError where there is no record, or none that finished.
    """
    sources = [Path(path) for path in paths]
    cells = load_records(sources)
    problems = list(cells.attrs["problems"])
    _check(cells, sources, problems)
    grid = Grid(cells)
    analysis = Analysis(grid, Replicates(grid, sources, main_keys(grid.metric_keys)))
    tables = {
        view: score_table(
            analysis.grid, view.reading, analysis.measures[view.key], view.fraction, analysis.blocks(view),
            analysis.within(view),
        )
        for view in analysis.views()
    }  # fmt: skip
    output.mkdir(parents=True, exist_ok=True)
    title = ", ".join(sorted(cells["suite"].dropna().astype(str).unique())) or output.name
    write_tables(analysis, tables, output, title, problems)
    content = Content(
        title=title,
        sources=", ".join(str(source) for source in sources),
        tables=tables,
        figures=draw_all(analysis, _fresh(output / "figures")),
        problems=problems,
    )
    index = output / "index.html"
    index.write_text(page(analysis, content), encoding="utf-8")
    return index


def write_tables(
    analysis: Analysis, tables: dict[View, Table], output: Path, title: str, problems: list[str]
) -> None:
    """A file for each metric and format, one Markdown and one LaTeX file of it all, the records flat."""
    folder = _fresh(output / "tables")
    for key in analysis.grid.metric_keys:
        of_key = {view: table for view, table in tables.items() if view.key == key}
        name = file_name(key)
        (folder / f"{name}.md").write_text(
            "\n".join(map(markdown.to_markdown, of_key.values())), encoding="utf-8"
        )
        (folder / f"{name}.tex").write_text("\n".join(map(latex.to_latex, of_key.values())), encoding="utf-8")
        leading = [
            (
                {
                    "metric": key,
                    "reading": READING_WORDS[view.reading],
                    "training data": show_fraction(analysis.grid.fractions[view.fraction]),
                },
                table,
            )
            for view, table in of_key.items()
        ]
        (folder / f"{name}.csv").write_text(comma.to_csv(leading), encoding="utf-8")
    main = [table for view, table in tables.items() if view.key in analysis.main]
    (output / "report.tex").write_text(latex.document(title, main), encoding="utf-8")
    (output / "report.md").write_text(_markdown(analysis, main, title, problems), encoding="utf-8")
    flat = analysis.grid.cells
    lists = [column for column in flat.columns if flat[column].map(type).isin([list, dict]).any()]
    flat.drop(columns=lists).to_parquet(output / "records.parquet", compression="zstd")


def _markdown(analysis: Analysis, tables: list[Table], title: str, problems: list[str]) -> str:
    default = analysis.default
    lines = [f"# Which loss? {markdown.escape(title)}", ""]
    if default is not None:
        lines += [markdown.escape(question(analysis, default)), ""]
        lines += [markdown.escape(line) for line in answer(analysis, default)]
    lines += ["", *(f"- {markdown.escape(line)}" for line in caveats(analysis, problems)), ""]
    return "\n".join([*lines, *map(markdown.to_markdown, tables)])


def _check(cells: object, sources: list[Path], problems: list[str]) -> None:
    import pandas as pd

    assert isinstance(cells, pd.DataFrame)
    where = ", ".join(str(source) for source in sources)
    if cells.empty:
        more = f"; not readable: {'; '.join(problems)}" if problems else ""
        raise DataError(f"{where}: no records here; `mlbench run SUITE` makes some{more}")
    if not (cells["status"] == "done").any():
        classes = ", ".join(
            f"{number} {name}" for name, number in cells["error_class"].value_counts().items()
        )
        raise DataError(
            f"{where}: all {len(cells)} cells failed ({classes}); `mlbench status` shows why, "
            "`mlbench run SUITE --retry failed` tries them again"
        )


def _fresh(folder: Path) -> Path:
    """An empty folder: what an earlier report left there would be taken for this one's."""
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder
