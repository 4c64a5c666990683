"""A slow copy of the model, whose embeddings a cross-batch memory holds: what a slow model says ages slowly."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from mlbench.models.inputs import Batch
from mlbench.models.model import Model


class MomentumModel(nn.Module):
    """θ' ← m θ' + (1 − m) θ after every update of the model θ, from θ' = θ; He et al. 2020, "Momentum Contrast".

    No gradient reaches it, and it is in training mode as the model is. Buffers are the model's, as they are.
    """

    def __init__(self, model: Model, decay: float) -> None:
        super().__init__()
        self.model, self.decay = copy.deepcopy(model).requires_grad_(False), decay

    @torch.no_grad()
    def embeddings(self, batch: Batch) -> Tensor:
        """Of a batch, [B, P]."""
        outputs = self.model(batch)
        embeddings: Tensor = outputs.embeddings
        return embeddings

    @torch.no_grad()
    def follow(self, model: Model) -> None:
        """Move towards the model, which has made an update. Waits for nothing."""
        slow: list[Tensor] = list(self.model.parameters())
        torch._foreach_lerp_(slow, [value.detach() for value in model.parameters()], 1 - self.decay)
        for own, value in zip(self.model.buffers(), model.buffers(), strict=True):
            own.copy_(value)
