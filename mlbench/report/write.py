"""The report's files beside the page: tables in three formats, the whole as one document, the records flat."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd

from mlbench.report.analysis import Analysis
from mlbench.report.collect import Tables, files
from mlbench.report.tables import comma, latex, markdown
from mlbench.report.tables.model import Table
from mlbench.report.words import answer, caveats, question


def write_tables(analysis: Analysis, tables: Tables, folder: Path) -> None:
    """`<name>.md`, `<name>.tex` and `<name>.csv` of every group of tables."""
    for name, group in files(analysis, tables):
        members = [table for _, table in group]
        (folder / f"{name}.md").write_text("\n".join(map(markdown.to_markdown, members)), encoding="utf-8")
        (folder / f"{name}.tex").write_text("\n".join(map(latex.to_latex, members)), encoding="utf-8")
        (folder / f"{name}.csv").write_text(comma.to_csv(group), encoding="utf-8")


def write_documents(
    analysis: Analysis,
    tables: Tables,
    claims: Table | None,
    output: Path,
    title: str,
    problems: Sequence[str],
) -> None:
    """`report.md` and `report.tex`: the answer, the claims and the tables of the main metrics."""
    main = [table for view, table in tables.scores.items() if view.key in analysis.main]
    chosen = [
        tables.glance,
        *([claims] if claims else []),
        *main,
        *tables.comparison.values(),
        tables.settings,
    ]
    (output / "report.tex").write_text(latex.document(f"Which loss? {title}", chosen), encoding="utf-8")
    lines = [f"# Which loss? {markdown.escape(title)}", ""]
    if analysis.default is not None:
        lines += [markdown.escape(question(analysis, analysis.default)), ""]
        lines += [markdown.escape(line) for line in answer(analysis, analysis.default)]
    lines += ["", *(f"- {markdown.escape(line)}" for line in caveats(analysis, problems)), ""]
    text = "\n".join([*lines, *map(markdown.to_markdown, chosen)])
    (output / "report.md").write_text(text, encoding="utf-8")


def write_records(analysis: Analysis, output: Path) -> None:
    """`records.parquet`: a row a cell, what is a list left out.

    A parameter that is a word in one cell and a number in another is JSON in all, since a column has one type.
    """
    cells = analysis.grid.cells
    kinds = {column: _kinds(cells[column].to_numpy()) for column in cells.columns}
    flat = cells[[column for column, found in kinds.items() if not found & {list, dict}]]
    mixed = [column for column in flat.columns if len(kinds[column]) > 1]
    flat = flat.assign(**{column: cells[column].map(json.dumps, na_action="ignore") for column in mixed})
    flat.to_parquet(output / "records.parquet", compression="zstd", index=False)


def _kinds(values: npt.NDArray[Any]) -> set[type]:
    """The types of the values of a column of objects, all numbers as one; empty where numpy knows the type."""
    if values.dtype != object:
        return set()
    types = {type(value) for value in values[~pd.isna(values)]}
    return {float if kind is int else kind for kind in types}
