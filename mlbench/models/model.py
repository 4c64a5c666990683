"""The network of one cell: backbone, adapter where the vectors are fixed, and the heads that its loss needs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from torch import Tensor, nn

from mlbench.losses.base import LabelStats, Loss, Memory, Outputs
from mlbench.losses.parts.frequencies import starting_logits
from mlbench.models.base import Backbone, Fitted
from mlbench.models.heads import Heads
from mlbench.models.inputs import Batch
from mlbench.suite import Protocol

Stream = Callable[[str], AbstractContextManager[None]]


class Adapter(nn.Module):
    """Two-layer MLP D → width → width with one ReLU between: the trainable backbone over fixed vectors."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, width), nn.ReLU(), nn.Linear(width, width))
        self.dim = width

    def forward(self, vectors: Tensor) -> Tensor:
        adapted: Tensor = self.layers(vectors)
        return adapted


class Model(nn.Module):
    """Batch → backbone → (adapter) → features [B, M] → heads → Outputs."""

    def __init__(self, backbone: Backbone, adapter: Adapter | None, heads: Heads) -> None:
        super().__init__()
        self.backbone, self.adapter, self.heads = backbone, adapter, heads

    @classmethod
    def build(
        cls, fitted: Fitted, loss: Loss, stats: LabelStats, protocol: Protocol, stream: Stream
    ) -> Model:
        """A freshly initialised model for `loss`, for the labels that `stats` counts in the training rows. Each part
        draws from a stream of its own, so that the backbone starts from the same weights whatever the heads are."""
        with stream("trunk"):  # the stream's name stands in its seed: another would start from other weights
            backbone = fitted.build()
        adapter, width = None, backbone.dim
        if fitted.vectors:
            with stream("adapter"):
                adapter, width = Adapter(backbone.dim, protocol.adapter_width), protocol.adapter_width
        with stream("heads"):
            heads = Heads(loss, width, len(stats.counts), protocol.projection_dim)
        if protocol.head_bias == "prior":
            heads.start_logits_at(starting_logits(loss, stats))
        return cls(backbone, adapter, heads)

    def features(self, batch: Batch) -> Tensor:
        """The output of the trainable backbone, [B, M]: what heads and probe read."""
        # Compiled code, where there is some, is for training alone: other passes come in other shapes.
        features: Tensor = self.backbone(batch) if self.training else self.backbone.forward(batch)
        return features if self.adapter is None else self.adapter(features)

    def forward(self, batch: Batch, memory: Memory | None = None) -> Outputs:
        """What the loss needs of one batch."""
        outputs: Outputs = self.heads(self.features(batch), memory)
        return outputs

    def logits(self, features: Tensor) -> Tensor:
        """The logits [B, L] of features, for a loss that trains logits."""
        outputs: Outputs = self.heads(features)
        return outputs.logits
