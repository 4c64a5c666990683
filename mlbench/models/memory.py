"""Cross-batch memory: a ring of earlier embeddings, on the device, with no host synchronisation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mlbench.losses.base import Memory


class MemoryQueue(nn.Module):
    """The last `size` embeddings with their targets, oldest overwritten first.

    `size` rows of embeddings [P] and targets [L]; where `push` was given fewer rows, `read` gives those
    alone. The number of rows is counted on the host from shapes, so that nothing waits for the device.
    """

    embeddings: Tensor
    targets: Tensor

    def __init__(self, size: int, width: int, labels: int) -> None:
        super().__init__()
        if size < 1:
            raise ValueError(f"the size of a memory queue must be at least 1, got {size}")
        self.size, self.filled, self.next = size, 0, 0
        self.register_buffer("embeddings", torch.zeros(size, width))
        self.register_buffer("targets", torch.zeros(size, labels))

    @torch.no_grad()
    def push(self, embeddings: Tensor, targets: Tensor) -> None:
        """Store a batch of embeddings [B, P] and targets [B, L]; of more than `size` rows the last ones."""
        embeddings, targets = embeddings.detach()[-self.size :], targets[-self.size :]
        count = len(embeddings)
        head = min(count, self.size - self.next)
        for ring, rows in ((self.embeddings, embeddings), (self.targets, targets)):
            ring[self.next : self.next + head] = rows[:head].to(ring.dtype)
            ring[: count - head] = rows[head:].to(ring.dtype)
        self.next = (self.next + count) % self.size
        self.filled = min(self.filled + count, self.size)

    def read(self) -> Memory | None:
        """The rows stored so far, as copies that a later `push` leaves alone; None before the first."""
        if self.filled == 0:
            return None
        return Memory(self.embeddings[: self.filled].clone(), self.targets[: self.filled].clone())

    def get_extra_state(self) -> dict[str, int]:
        """How far the ring is filled, for `state_dict`."""
        return {"filled": self.filled, "next": self.next}

    def set_extra_state(self, state: dict[str, int]) -> None:
        """Go on with a ring of `state_dict`."""
        self.filled, self.next = state["filled"], state["next"]

    def clear(self) -> None:
        """Forget everything."""
        self.filled = self.next = 0
