"""The folder that a report is written to: its own, so that nothing of anybody else's is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

from mlbench.errors import DataError

MARK = '<meta name="generator" content="mlbench report">'
"""What the page of every report holds, and the first thing that is written of it."""
PAGE = "index.html"
OTHERS = "others"
"""The folder of the reports of records that may not share a table with those of the page."""
PARTS = ("figures", "tables", "cells", OTHERS)
"""Folders in it; what an earlier report left there would be taken for this one's."""


def prepare(output: Path) -> None:
    """Make the folder, or take one that is empty or an earlier report's, whose parts go.

    Raises DataError for any other: a report replaces whole folders, such as `cells`, that would be the records of
    somebody.
    """
    try:
        if output.exists() and (not output.is_dir() or (any(output.iterdir()) and not _is_report(output))):
            raise DataError(
                f"{output}: not empty, and no report: nothing was written; give -o a new or empty folder, or "
                "that of an earlier report"
            )
        for name in PARTS:
            shutil.rmtree(output / name, ignore_errors=True)
        output.mkdir(parents=True, exist_ok=True)
        (output / PAGE).write_text(f"<!doctype html>{MARK}<title>unfinished report</title>", encoding="utf-8")
    except OSError as error:
        raise DataError(f"{output}: a report cannot be written here: {error.strerror}") from error


def part(output: Path, name: str) -> Path:
    """One of PARTS, made."""
    folder = output / name
    folder.mkdir(exist_ok=True)
    return folder


def _is_report(output: Path) -> bool:
    page = output / PAGE
    if not page.is_file():
        return False
    with page.open("rb") as file:
        return MARK.encode() in file.read(1000)
