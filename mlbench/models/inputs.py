"""Samples as a model takes them: resident in memory, any rows of them as one batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Batch: TypeAlias = tuple[Tensor, ...]


class Inputs(ABC):
    """The prepared samples of one split."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def batch(self, rows: Tensor) -> Batch:
        """The samples of `rows` (int64 [B], on the CPU) as the tensors that the backbone takes."""

    @property
    def lengths(self) -> Tensor | None:
        """What decides a sample's padded cost, int64 [N]; None where all samples cost the same."""
        return None


@dataclass(frozen=True)
class InputRows(Inputs):
    """Some rows of other inputs."""

    whole: Inputs
    rows: Tensor

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, rows: Tensor) -> Batch:
        return self.whole.batch(self.rows[rows])

    @property
    def lengths(self) -> Tensor | None:
        lengths = self.whole.lengths
        return None if lengths is None else lengths[self.rows]


@dataclass(frozen=True)
class Dense(Inputs):
    """One row of numbers a sample: features float32 [N, D], or images uint8 [N, H, W, C]."""

    values: Tensor

    def __len__(self) -> int:
        return len(self.values)

    def batch(self, rows: Tensor) -> Batch:
        return (self.values.index_select(0, rows),)


@dataclass(frozen=True)
class Bags(Inputs):
    """A weighted bag of words a sample, as the rows of a sparse matrix."""

    starts: Tensor
    words: Tensor
    weights: Tensor

    def __len__(self) -> int:
        return len(self.starts) - 1

    def batch(self, rows: Tensor) -> Batch:
        """(words [T], weights [T], offsets [B]) of the T words of all the rows, one row after the other."""
        first = self.starts.index_select(0, rows)
        counts = self.starts.index_select(0, rows + 1) - first
        offsets = counts.cumsum(0) - counts
        positions = torch.arange(int(counts.sum())) + (first - offsets).repeat_interleave(counts)
        return self.words.index_select(0, positions), self.weights.index_select(0, positions), offsets


@dataclass(frozen=True)
class Tokens(Inputs):
    """A sequence of token ids a sample, one after the other in one array (it may be a memory map)."""

    starts: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int32]
    padding: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Tensor:
        """Number of tokens of each sample."""
        return torch.from_numpy(np.diff(self.starts))

    def batch(self, rows: Tensor) -> Batch:
        """(ids [B, T], mask [B, T]), padded to the longest of these rows; (ids,) where no row is shorter, so that
        nobody has to ask a mask on a GPU whether it masks anything."""
        index = rows.numpy()
        first, counts = self.starts[index], self.starts[index + 1] - self.starts[index]
        mask = np.arange(max(1, int(counts.max())))[None, :] < counts[:, None]
        ids = np.full(mask.shape, self.padding, dtype=np.int64)
        positions = (first[:, None] + np.arange(mask.shape[1])[None, :])[mask]
        ids[mask] = self.ids[positions]
        if mask.all():
            return (torch.from_numpy(ids),)
        return torch.from_numpy(ids), torch.from_numpy(mask)
