"""The trainable part on top of vectors that are given or frozen."""

from __future__ import annotations

from torch import Tensor, nn

from mlbench.models.base import Trunk
from mlbench.models.inputs import Batch


class Adapter(nn.Module):
    """Two-layer MLP D → width → width with one ReLU between: the trainable trunk over fixed vectors."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, width), nn.ReLU(), nn.Linear(width, width))
        self.dim = width

    def forward(self, vectors: Tensor) -> Tensor:
        adapted: Tensor = self.layers(vectors)
        return adapted


class Vectors(Trunk):
    """The trunk of vectors that are given: there is nothing in it to train."""

    compiles = False

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, batch: Batch) -> Tensor:
        return batch[0].float()
