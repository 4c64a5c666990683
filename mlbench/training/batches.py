"""Which rows each update sees, and those rows as the device takes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mlbench.models.base import Trunk
from mlbench.models.inputs import Batch, Inputs
from mlbench.models.prefetch import pinned, prefetched, sent
from mlbench.suite import Protocol
from mlbench.training.schedule import Schedule
from mlbench.training.streams import Streams

GROUPED = 50
"""Batches whose rows are sorted by length together: long ones meet long ones, and the order stays random."""

Parts = list[tuple[Batch, Tensor]]


@dataclass(eq=False)
class Batches:
    """The batches of one training. Each epoch's order and each update's augmentation are streams of their own,
    so that any update can be made again without those before it.

    Batches of an epoch differ by one row at most, so that no small remainder is left for losses that compare
    rows.
    """

    inputs: Inputs
    targets: Tensor
    protocol: Protocol
    schedule: Schedule
    streams: Streams
    device: torch.device
    micro_batch: int | None = None
    _order: dict[int, tuple[Tensor, ...]] = field(default_factory=dict, init=False, repr=False)
    """The last epoch's order, by its number."""

    def rows(self, step: int) -> Tensor:
        """The rows of update `step`, int64 [B], as places among the cell's training rows."""
        epoch, place = divmod(step, self.schedule.steps_per_epoch)
        # Read once: the thread that gathers ahead may put the next epoch's order in its place meanwhile.
        order = self._order.get(epoch)
        if order is None:
            order = self._draw(epoch)
            self._order = {epoch: order}
        return order[place]

    def start(self, step: int, trunk: Trunk, *, ahead: bool | None = None) -> Iterator[Parts]:
        """The batches from update `step` on, each as the parts that the device takes at once: the inputs (all
        views of the rows, one after the other), augmented on the device, and their targets.

        `ahead` gathers the next batches in a thread meanwhile; by default where the device is not the host,
        whose cores would else share the work.
        """
        steps = range(step, self.schedule.steps)
        on_host = ((update, self._gather(update)) for update in steps)
        wanted = self.device.type != "cpu" if ahead is None else ahead
        ready = prefetched(on_host) if wanted else on_host
        for update, parts in ready:
            yield self._place(update, parts, trunk)

    def _gather(self, step: int) -> Parts:
        """The parts of one update in the host's memory, pinned where the device copies from there."""
        rows, views = self.rows(step), self.protocol.views
        parts = []
        for some in rows.split(self.micro_batch or len(rows)):
            chosen = some if views == 1 else some.repeat(views)
            parts.append((self.inputs.batch(chosen), self.targets.index_select(0, chosen)))
        return [(pinned(batch, self.device), pinned((wanted,), self.device)[0]) for batch, wanted in parts]

    def _place(self, step: int, parts: Parts, trunk: Trunk) -> Parts:
        """The parts on the device. Augmentation draws on the CPU, so that all devices see the same."""
        placed = []
        how = self.protocol.augmentation
        generator = None if how == "none" else self.streams.generator(f"augmentation/{step}")
        for batch, wanted in parts:
            there = sent(batch, self.device)
            if generator is not None:
                there = trunk.augment(there, generator, how)
            placed.append((there, sent((wanted,), self.device)[0]))
        return placed

    def _draw(self, epoch: int) -> tuple[Tensor, ...]:
        """The rows of each update of an epoch."""
        generator = self.streams.generator(f"order/{epoch}")
        count, lengths = self.schedule.steps_per_epoch, self.inputs.lengths
        shuffled = torch.randperm(self.schedule.rows, generator=generator)
        if not self.protocol.group_by_length or lengths is None:
            return shuffled.tensor_split(count)
        pieces = shuffled.split(GROUPED * self.schedule.batch_size)
        by_length = torch.cat([piece[lengths[piece].argsort(stable=True)] for piece in pieces])
        batches = by_length.tensor_split(count)
        return tuple(batches[place] for place in torch.randperm(count, generator=generator))
