"""What a reader of records asks of a cell at the least (`mlbench/records/door.py`)."""

from __future__ import annotations

from typing import Any

LEAST_CELL: dict[str, Any] = {
    "dataset": "d",
    "fraction": 1.0,
    "seed": 0,
    "encoder": "features",
    "loss": {"name": "bce", "id": "bce"},
}
