"""Rows of whose labels nothing is said: what they mean is asked for along with the rest."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import numpy as np
import pyarrow as pa

from mlbench.datasets.user.missing import FEW
from mlbench.tryout.guess import Guess
from mlbench.tryout.questions import Option, Question

OPTIONS = (
    Option("negative", "such a row has no label"),
    Option("unknown", "not scored, and unknown in training"),
    Option("drop", "the row is left out"),
)


def ask_what_empty_means(found: Guess, table: pa.Table) -> None:
    """Add the question, where the labels are known, empty in more than a few rows, and nobody said what that means."""
    labels = found.parameters.get("labels")
    names = labels if isinstance(labels, list) else [labels]
    if "missing" in found.parameters or not table.num_rows or not {*names} <= {*table.column_names}:
        return
    said = found.parameters.get("na_values")
    words = set(said) if isinstance(said, list | tuple) else set()
    empty = np.zeros(table.num_rows, bool)
    for name in names:
        cells = table.column(name).to_pylist()
        blank = np.array([_is_empty(cell, words) for cell in cells], bool)
        # Crosses: where a column holds one mark alone, nothing else can be the other.
        crossed = (
            isinstance(labels, list) and len({str(cell) for cell in cells if not _is_empty(cell, words)}) < 2
        )
        empty |= blank & (not crossed)
    if empty.sum() > FEW * table.num_rows:
        text = (
            f"what does an empty label cell mean? There are {int(empty.sum()):,} in {table.num_rows:,} rows"
        )
        found.questions.append(Question("missing", text, OPTIONS))


def _is_empty(cell: Any, words: Set[str]) -> bool:
    """Whether a cell holds nothing, or one of the words that stand for nothing."""
    return cell is None or (isinstance(cell, str) and (not cell.strip() or cell.strip() in words))
