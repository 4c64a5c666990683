"""What a cell is called, where its encoder's weights are files of the user's own."""

from __future__ import annotations

from mlbench.models.weights import content_of, named_files
from mlbench.suite import Cell


def cell_id(cell: Cell, data: str) -> str:
    """The id of a cell on data of this fingerprint. Weights that the suite names by their path are data too; those
    that it names otherwise are what that name stands for everywhere."""
    files = named_files(cell.encoder_options)
    return cell.id(f"{data} {content_of(files)}" if files else data)
