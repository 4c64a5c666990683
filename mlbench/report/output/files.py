"""The report's files beside the page: tables in three formats, the whole as one document, the records flat."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd

from mlbench.report.analysis import Analysis
from mlbench.report.analysis.trial_table import listed_trials
from mlbench.report.data.kinds import kind_of
from mlbench.report.data.tuned.drawn import as_trained
from mlbench.report.output.others import Other
from mlbench.report.tables.collect import Tables, files
from mlbench.report.tables.formats import latex, markdown
from mlbench.report.tables.formats.csv import guard, to_csv
from mlbench.report.tables.model import Table
from mlbench.report.text.answer import opening, question
from mlbench.report.text.caveats import caveats
from mlbench.report.text.evidence import evidence


def write_tables(analysis: Analysis, tables: Tables, folder: Path) -> None:
    """`<name>.md`, `<name>.tex` and `<name>.csv` of every group of tables; `trials.csv` where losses were tuned."""
    short = kind_of(analysis.grid.cells).short
    mark = {"protocol": short} if short else {}
    for name, found in files(analysis, tables):
        group = [({**leading, **mark}, table) for leading, table in found]
        members = [table for _, table in group]
        (folder / f"{name}.md").write_text("\n".join(map(markdown.to_markdown, members)), encoding="utf-8")
        (folder / f"{name}.tex").write_text("\n".join(map(latex.to_latex, members)), encoding="utf-8")
        (folder / f"{name}.csv").write_text(to_csv(group), encoding="utf-8")
    if len(analysis.trials):
        trials = listed_trials(analysis.grid, analysis.trials).assign(**mark)
        guarded = trials.map(lambda value: guard(value) if isinstance(value, str) else value)
        guarded.to_csv(folder / "trials.csv", index=False)


def write_documents(
    analysis: Analysis,
    tables: Tables,
    claims: Table | None,
    output: Path,
    title: str,
    problems: Sequence[str],
    others: Sequence[Other] = (),
    repeated: Sequence[str] = (),
) -> None:
    """`report.md` and `report.tex`: the answer, the claims and the tables of the main metrics, what losses that were
    trained once more say; of each of the `others` its answer and first table, at the end."""
    default = analysis.default
    views = sorted(
        (view for view in tables.scores if view.key in analysis.main),
        key=lambda view: default is None or (view != default, view.key != default.key),
    )
    chosen = [
        tables.glance,
        *([tables.summary] if tables.summary else []),
        *([tables.contrasts] if tables.contrasts else []),
        *([claims] if claims else []),
        *(tables.scores[view] for view in views),
        *tables.comparison.values(),
        *tables.influence.values(),
        *tables.variants.values(),
        *tables.tuning.values(),
        tables.settings,
    ]
    mark = kind_of(analysis.grid.cells).mark
    said = [] if default is None else [question(analysis, default), *opening(analysis, default)]
    said += [] if default is None else evidence(analysis, default)
    said += repeated
    said = [mark, *said] if mark else said
    kept = caveats(analysis, problems)
    parts: list[latex.DocumentPart] = []
    paragraphs = [f"# Which loss? {markdown.escape(title)}", *map(markdown.escape, said)]
    paragraphs += [
        "\n".join(f"- {markdown.escape(line)}" for line in kept),
        *map(markdown.to_markdown, chosen),
    ]
    for other in others:
        first = [other.table] if other.table else []
        parts.append((other.title, first, other.lines))
        paragraphs += [f"## {markdown.escape(other.title)}", *map(markdown.escape, other.lines)]
        paragraphs += [*map(markdown.to_markdown, first), f"All of it: {other.folder}/report.md"]
    text = latex.document(f"Which loss? {title}", chosen, [*said, *kept], parts)
    (output / "report.tex").write_text(text, encoding="utf-8")
    (output / "report.md").write_text("\n\n".join(paragraphs), encoding="utf-8")


def write_records(analysis: Analysis, output: Path) -> None:
    """`cells.parquet`: a row a cell with the values that it was trained with, what is a list left out.

    A parameter that is a word in one cell and a number in another is JSON in all, since a column has one type.
    """
    cells = as_trained(analysis.grid.cells)
    kinds = {column: _kinds(cells[column].to_numpy()) for column in cells.columns}
    flat = cells[[column for column, found in kinds.items() if not found & {list, dict}]]
    mixed = [column for column in flat.columns if len(kinds[column]) > 1]
    flat = flat.assign(**{column: cells[column].map(json.dumps, na_action="ignore") for column in mixed})
    if short := kind_of(cells).short:
        flat = flat.assign(protocol=short)
    flat.to_parquet(output / "cells.parquet", compression="zstd", index=False)


def _kinds(values: npt.NDArray[Any]) -> set[type]:
    """The types of the values of a column of objects, all numbers as one; empty where numpy knows the type."""
    if values.dtype != object:
        return set()
    types = {type(value) for value in values[~pd.isna(values)]}
    return {float if kind is int else kind for kind in types}
