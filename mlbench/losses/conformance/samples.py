"""Random inputs for a loss: the fields of Outputs that it needs, and targets with every awkward row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mlbench.losses.base import GaussianKernels, LabelStats, Loss, Memory, Outputs
from mlbench.losses.parts.rows import NumberedOutputs, RowLoss

FEATURES, PROJECTION, KERNEL = 6, 5, 4
"""M, P, and D of anisotropic kernels, in what is drawn here."""


@dataclass(frozen=True)
class LossSample:
    """One batch for one loss.

    - `outputs`: their tensors are leaves with gradients, but for the memory's.
    - `targets` [B, L].
    - `stats`: what the loss is prepared with.
    """

    outputs: Outputs
    targets: Tensor
    stats: LabelStats

    @property
    def leaves(self) -> dict[str, Tensor]:
        """The tensors that have gradients, by field, those of the kernels as `kernels.mean` and so on."""
        named: dict[str, Any] = dict(vars(self.outputs), memory=None, known=None, rows=None)
        kernels = named.pop("kernels")
        if kernels is not None:
            named |= {f"kernels.{name}": value for name, value in vars(kernels).items()}
        return {name: value for name, value in named.items() if value is not None}


def draw(
    loss: Loss,
    batch: int,
    labels: int,
    *,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
    logit_scale: float = 2.0,
    memory: int = 0,
    targets: Tensor | None = None,
) -> LossSample:
    """A batch of [B, L] of which everything is known; without `targets` they are drawn and made awkward
    (`awkward_targets`)."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    def leaf(value: Tensor) -> Tensor:
        return value.to(dtype).requires_grad_()

    fields: dict[str, Any] = {}
    wanted = {*loss.needs, *(loss.accepts if memory else ())}
    if "logits" in wanted:
        fields["logits"] = leaf(logit_scale * normal(batch, labels))
    if "features" in wanted:
        fields["features"] = leaf(normal(batch, FEATURES))
    if "embeddings" in wanted:
        fields["embeddings"] = leaf(normalize(normal(batch, PROJECTION), dim=-1))
    if "prototypes" in wanted:
        fields["prototypes"] = leaf(normalize(normal(labels, PROJECTION), dim=-1))
    if "label_embeddings" in wanted:
        fields["label_embeddings"] = leaf(normalize(normal(batch, labels, PROJECTION), dim=-1))
    if "kernels" in wanted:
        anisotropic = loss.kernel_case == "anisotropic"
        shape = (batch, KERNEL, labels) if anisotropic else (batch, labels)
        seen = leaf(normal(batch, KERNEL)) if anisotropic else None
        fields["kernels"] = GaussianKernels(leaf(normal(*shape)), leaf(1 + normal(*shape).square()), seen)
    if "memory" in wanted:
        queue = (torch.rand(memory, labels, generator=generator) < 0.4).to(dtype)
        fields["memory"] = Memory(normalize(normal(memory, PROJECTION), dim=-1).to(dtype), queue)
    if targets is None:
        targets = awkward_targets(batch, labels, generator)
    counts = targets.sum(dim=0).round().to(torch.int64)
    outputs = Outputs(**fields)
    if isinstance(loss, RowLoss):
        outputs = NumberedOutputs(**fields, rows=torch.arange(batch))
    return LossSample(outputs, targets.to(dtype), LabelStats(counts, batch))


def awkward_targets(batch: int, labels: int, generator: torch.Generator) -> Tensor:
    """[B, L] drawn at 0.4; where there is room, a row of 0, a row of 1, a column of 0 and one of 1."""
    targets = (torch.rand(batch, labels, generator=generator) < 0.4).double()
    if batch > 3 and labels > 3:
        targets[:, 0], targets[:, -1] = 0, 1
    if batch > 2:
        targets[0], targets[-1] = 0, 1
    return targets
