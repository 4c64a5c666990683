"""A cell's sources of chance: each a stream of its own, so that one loss's draws never shift another's."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Streams:
    """Named random streams: initialisation per part, batch order, augmentation, noise.

    - `seed`: the cell's.
    """

    seed: int

    def number(self, name: str) -> int:
        """A seed in [0, 2^63) that depends on (seed, name) alone."""
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1

    def generator(self, name: str) -> torch.Generator:
        """A generator on the CPU, wherever the cell runs, so that all devices see the same batches."""
        return torch.Generator().manual_seed(self.number(name))

    @contextlib.contextmanager
    def as_global(self, name: str) -> Iterator[None]:
        """Torch's global generators seeded with this stream, and put back afterwards."""
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(self.number(name))
            yield
