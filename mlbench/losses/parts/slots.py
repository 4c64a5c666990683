"""Numbers for each positive of the training rows, kept without a place for every entry that is none."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mlbench.losses.parts.outputs import LabelStats
from mlbench.losses.parts.positives import Positives


class Slots(nn.Module):
    """`width` numbers, 0 at first, for each of the positives of N training rows.

    A row's positives have slots one after the other, taken when the row is first seen: `first` [N] says where they
    begin, −1 where the row was not seen yet, and `used` how many are taken. What is kept is buffers, of as many
    slots as the rows have positives.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.values: Tensor | None
        self.first: Tensor | None
        self.used: Tensor | None
        for name in ("values", "first", "used"):
            self.register_buffer(name, None)

    def prepare(self, stats: LabelStats) -> None:
        """Make room for the positives that `stats` counts, all of them 0 again."""
        device, positives = stats.counts.device, int(stats.counts.sum())
        # One more: what is read for a row that was not seen.
        self.values = torch.zeros(self.width, positives + 1, dtype=torch.float64, device=device)
        self.first = torch.full((stats.num_samples,), -1, dtype=torch.int64, device=device)
        self.used = torch.zeros((), dtype=torch.int64, device=device)

    def of(self, rows: Tensor, targets: Tensor, positives: Positives, *, reserve: bool) -> Tensor:
        """The slot of each positive, [P], of the `rows` [B] with `targets` [B, L], where `positives` are of the
        transposed targets. Rows that were not seen are given slots with `reserve`, else the last one."""
        if self.first is None or self.used is None or self.values is None:
            raise ValueError("rows need prepare(LabelStats(counts, num_samples)) first")
        held = targets > 0
        if reserve:
            self._take(rows, held.sum(dim=1))
        sample = positives.place
        begin = self.first[rows[sample]]
        slot = begin + (held.cumsum(dim=1) - 1)[sample, positives.line]
        return slot.where(begin >= 0, self.values.shape[1] - 1)

    def read(self, slots: Tensor) -> Tensor:
        """What stands in the slots, [width, P]."""
        assert self.values is not None
        return self.values[:, slots]

    def write(self, slots: Tensor, values: Tensor) -> None:
        """Put `values` [width, P] there."""
        assert self.values is not None
        self.values[:, slots] = values.to(self.values)

    def _take(self, rows: Tensor, counts: Tensor) -> None:
        """Give slots to the rows that have none, as many as they have positives; once where a row is there twice."""
        assert self.first is not None
        assert self.used is not None
        earliest = (rows[:, None] == rows[None, :]).to(torch.uint8).argmax(dim=1)
        itself = torch.arange(len(rows), device=rows.device)
        begin = self.first[rows]
        taken = counts * ((begin < 0) & (earliest == itself))
        fresh = (self.used + taken.cumsum(dim=0) - taken)[earliest]
        self.first[rows] = begin.where(begin >= 0, fresh)
        self.used += taken.sum()
