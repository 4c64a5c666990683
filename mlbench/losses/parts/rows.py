"""Losses that keep numbers for each training row, and the rows' numbers that they are given."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mlbench.losses.base import Loss, Outputs


@dataclass(frozen=True)
class NumberedOutputs(Outputs):
    """`Outputs` with `rows` [B]: the number of each sample among the training rows, an integer from 0 to N − 1."""

    rows: Tensor | None = None


class RowLoss(Loss):
    """A loss that can use the numbers of the rows: its `forward` is given `NumberedOutputs`.

    A training gives it `rows`; without them (None) it makes do with the batch. The numbers stay integers: as the
    floats that all other fields are raised to, they would not tell row 16,777,216 from the next one.
    """

    def inputs(self, out: Outputs | Tensor, targets: Tensor) -> tuple[NumberedOutputs, Tensor]:
        fields, targets = super().inputs(out, targets)
        rows = getattr(out, "rows", None)
        if rows is not None and (rows.shape != targets.shape[:1] or rows.is_floating_point()):
            raise ValueError(
                f"{type(self).__name__}: rows must be {list(targets.shape[:1])} integers, "
                f"got {list(rows.shape)} of {rows.dtype}"
            )
        return NumberedOutputs(**vars(fields), rows=rows), targets


def numbered(outputs: Outputs, rows: Tensor) -> NumberedOutputs:
    """`outputs` with the rows' numbers, brought to their device."""
    device = next(value.device for value in vars(outputs).values() if isinstance(value, Tensor))
    return NumberedOutputs(**vars(outputs), rows=rows.to(device, torch.int64, non_blocking=True))
