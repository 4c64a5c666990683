"""Which rows each update sees, and those rows as the device takes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mlbench.models.base import Backbone
from mlbench.models.inputs import Batch, Inputs
from mlbench.models.prefetch import pinned, prefetched, sent
from mlbench.suite import Protocol
from mlbench.training.schedule import Schedule
from mlbench.training.streams import Streams

GROUPED = 50
"""Batches whose rows are sorted by length together: long ones meet long ones, and the order stays random."""

MicroBatches = list[tuple[Batch, Tensor]]
"""The rows of one update, as many at once as the device takes: inputs and targets."""


@dataclass(eq=False)
class Batches:
    """The batches of one training. Each epoch's order and each update's augmentation are streams of their own,
    so that any update can be made again without those before it.

    Batches of an epoch differ by one row at most, so that no small remainder is left for losses that compare
    rows.

    - `inputs`: the samples of the training rows.
    - `targets`: theirs [n, L].
    - `protocol`: views, augmentation, whether rows are grouped by length.
    - `schedule`: which update is of which epoch.
    - `streams`: the random streams of the cell.
    - `device`: where batches are needed.
    - `micro_batch`: the rows that it takes at once; None for the whole batch.
    """

    inputs: Inputs
    targets: Tensor
    protocol: Protocol
    schedule: Schedule
    streams: Streams
    device: torch.device
    micro_batch: int | None = None
    _order: dict[int, tuple[Tensor, ...]] = field(default_factory=dict, init=False, repr=False)
    """The rows of each update of the last epoch, by the epoch's number."""

    def rows(self, step: int) -> Tensor:
        """The rows of update `step`, int64 [B], counted among the cell's training rows."""
        epoch, step_in_epoch = divmod(step, self.schedule.steps_per_epoch)
        # Read once: the thread that gathers ahead may put the next epoch's order in its place meanwhile.
        order = self._order.get(epoch)
        if order is None:
            order = self._draw(epoch)
            self._order = {epoch: order}
        return order[step_in_epoch]

    def start(self, step: int, backbone: Backbone, *, ahead: bool | None = None) -> Iterator[MicroBatches]:
        """The batches from update `step` on, each as its micro-batches on the device: the inputs (all views of the
        rows, one after the other), augmented there, and their targets.

        `ahead` gathers the next batches in a thread meanwhile; by default where the device is not the host:
        there the thread would only take cores from the training.
        """
        steps = range(step, self.schedule.steps)
        on_host = ((update, self._gather(update)) for update in steps)
        wanted = self.device.type != "cpu" if ahead is None else ahead
        ready = prefetched(on_host) if wanted else on_host
        for update, micro_batches in ready:
            yield self._to_device(update, micro_batches, backbone)

    def _gather(self, step: int) -> MicroBatches:
        """The micro-batches of one update in the host's memory, pinned where the device copies from there."""
        rows, views = self.rows(step), self.protocol.views
        micro_batches = []
        for some in rows.split(self.micro_batch or len(rows)):
            chosen = some if views == 1 else some.repeat(views)
            micro_batches.append((self.inputs.batch(chosen), self.targets.index_select(0, chosen)))
        return [
            (pinned(batch, self.device), pinned((wanted,), self.device)[0]) for batch, wanted in micro_batches
        ]

    def _to_device(self, step: int, micro_batches: MicroBatches, backbone: Backbone) -> MicroBatches:
        """The same on the device. Augmentation draws on the CPU, so that all devices see the same."""
        there = []
        how = self.protocol.augmentation
        generator = None if how == "none" else self.streams.generator(f"augmentation/{step}")
        for batch, wanted in micro_batches:
            inputs = sent(batch, self.device)
            if generator is not None:
                inputs = backbone.augment(inputs, generator, how)
            there.append((inputs, sent((wanted,), self.device)[0]))
        return there

    def _draw(self, epoch: int) -> tuple[Tensor, ...]:
        """The rows of each update of an epoch."""
        generator = self.streams.generator(f"order/{epoch}")
        count, lengths = self.schedule.steps_per_epoch, self.inputs.lengths
        shuffled = torch.randperm(self.schedule.rows, generator=generator)
        if not self.protocol.group_by_length or lengths is None:
            return shuffled.tensor_split(count)
        chunks = shuffled.split(GROUPED * self.schedule.batch_size)
        by_length = torch.cat([chunk[lengths[chunk].argsort(stable=True)] for chunk in chunks])
        batches = by_length.tensor_split(count)
        return tuple(batches[index] for index in torch.randperm(count, generator=generator))
