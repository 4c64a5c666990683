"""The trainable part on top of vectors that are given or frozen."""

from __future__ import annotations

from torch import Tensor, nn


class Adapter(nn.Module):
    """Two-layer MLP D → width → width with one ReLU between: the trainable trunk over fixed vectors."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, width), nn.ReLU(), nn.Linear(width, width))
        self.dim = width

    def forward(self, vectors: Tensor) -> Tensor:
        adapted: Tensor = self.layers(vectors)
        return adapted
