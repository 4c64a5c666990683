"""The network as a `torch.export` program: a graph of tensor operations with its weights, which torch alone runs."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor
from torch.export import Dim

from mlbench.models.deployed import Deployed
from mlbench.models.preparation import Preparation

FILE = "program.pt2"
ROWS, LENGTH = 2, 5
"""Of the inputs that the network is traced with."""


class ProgramError(Exception):
    """Why a network cannot be traced; the message is for the README."""


def write_program(network: Deployed, preparation: Preparation, folder: Path) -> Path:
    """Trace the network, for batches of any size and texts of any length, and write it into `folder`. Raises
    ProgramError for a network that torch.export does not know how to follow."""
    file = folder / FILE
    with warnings.catch_warnings():
        # Of its own workings, which nobody here can change.
        warnings.simplefilter("ignore")
        try:
            program = torch.export.export(
                network,
                example_inputs(preparation),
                dynamic_shapes=(dynamic_axes(preparation),),
                strict=False,
            )
        except Exception as error:
            # Whatever goes wrong in there is of the network's making: its code is a library's.
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ProgramError(f"torch.export does not follow this network ({first:.200})") from error
        torch.export.save(program, file)
    return file


def example_inputs(preparation: Preparation, rows: int = ROWS) -> tuple[Tensor, ...]:
    """Inputs of the right types and shapes."""
    settings = preparation.settings
    match preparation.kind:
        case "features":
            return (torch.zeros(rows, settings["dim"]),)
        case "words":
            return torch.zeros(rows, LENGTH, dtype=torch.int64), torch.ones(rows, LENGTH)
        case "tokens":
            mask = torch.ones(rows, LENGTH, dtype=torch.bool)
            mask[0, -1] = False
            return torch.zeros(rows, LENGTH, dtype=torch.int64), mask
        case "pixels":
            size = settings["size"]
            return (torch.zeros(rows, size, size, 3, dtype=torch.uint8),)


def dynamic_axes(preparation: Preparation) -> tuple[dict[int, object], ...]:
    """Which axes of each input may have any length."""
    batch = Dim.AUTO
    if preparation.kind in ("features", "pixels"):
        return ({0: batch},)
    length = Dim.AUTO
    return {0: batch, 1: length}, {0: batch, 1: length}
