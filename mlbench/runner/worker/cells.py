"""A cell from its description in a record, and its id, where its encoder's weights are files of the user's own too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlbench.models.pretrained.weights import content_of, named_files
from mlbench.suite import Cell, LossChoice, Protocol, Trial


def cell_id(cell: Cell, data: str) -> str:
    """The id of a cell on data of this fingerprint. Weights that the suite names by their path are data too; those
    that it names otherwise are what that name stands for everywhere."""
    files = named_files(cell.encoder_options)
    return cell.id(f"{data} {content_of(files)}" if files else data)


def cell_of(suite: str, description: Mapping[str, Any]) -> Cell:
    """The cell that `Cell.describe` described."""
    return Cell(
        suite=suite,
        **{
            **description,
            "loss": LossChoice(**description["loss"]),
            "train": Protocol(**description["train"]),
            "trial": Trial.read(description["trial"]) if description.get("trial") else None,
        },
    )
