"""Spreadsheets, where the package that pandas reads them by is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlbench.datasets.files.assemble import Part
from mlbench.datasets.files.columns import Place
from mlbench.datasets.public.archives import BROKEN
from mlbench.errors import DataError

SHEETS = (".xlsx", ".xlsm")


def read_sheet(file: Path) -> Part:
    """The first sheet of a workbook, every cell as the text that a CSV file of it would hold. Raises DataError where
    openpyxl is not there, or the workbook has several sheets."""
    if find_spec("openpyxl") is None:
        raise DataError(
            f"{file}: openpyxl is needed to read it: `pip install openpyxl`; or save it as CSV (UTF-8), and name that"
        )
    import pandas as pd

    try:
        sheets: dict[str, Any] = pd.read_excel(file, sheet_name=None, dtype=object, na_filter=False)
    except (*BROKEN, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}: not a readable workbook ({error}); save it as CSV (UTF-8)") from None
    filled = {name: sheet for name, sheet in sheets.items() if len(sheet)}
    if len(filled) != 1:
        names = ", ".join(map(repr, filled)) or "none with rows"
        raise DataError(
            f"{file}: it has {len(filled)} sheets ({names}); save the one that holds the samples as CSV"
        )
    sheet = next(iter(filled.values()))
    columns = {str(name): pa.array([_text(value) for value in sheet[name]]) for name in sheet.columns}
    return Part(pa.table(columns), Place(str(file), lambda row: f"row {row + 2}"))


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
