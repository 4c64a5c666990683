"""What a model hands to a loss, and what a loss may know of the training rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

ABSENT = cast(Any, None)
"""The default of a field that the loss does not name in `needs`; typed as present, since no loss reads it."""

T = TypeVar("T")


@dataclass(frozen=True)
class GaussianKernels:
    """One Gaussian per sample and label.

    - `mean`: [B, L] (isotropic) or [B, D, L] (anisotropic).
    - `variance`: likewise, positive.
    - `features` [B, D]: what the kernel sees; None means `Outputs.features`.
    """

    mean: Tensor
    variance: Tensor
    features: Tensor | None = None


@dataclass(frozen=True)
class Memory:
    """A queue of earlier samples, without gradient.

    - `embeddings` [Q, P]: of unit length.
    - `targets` [Q, L]: theirs.
    """

    embeddings: Tensor
    targets: Tensor


@dataclass(frozen=True)
class Outputs:
    """What a model gives for one batch: the fields that the loss names in `needs` are there, the rest None.

    - `logits` [B, L].
    - `features` [B, M]: the encoder's output before any projection.
    - `embeddings` [B, P]: their projection, of unit length.
    - `prototypes` [L, P]: a vector per label, of unit length.
    - `label_embeddings` [B, L, P]: a vector per sample and label, of unit length.
    - `kernels`: a Gaussian per sample and label.
    - `memory`: earlier embeddings; None where there is no queue, or nothing in it yet.
    - `known` [B, L]: 0 where nobody knows whether the label holds (its target is then 0), else 1; None where all are
      known.
    """

    logits: Tensor = ABSENT
    features: Tensor = ABSENT
    embeddings: Tensor = ABSENT
    prototypes: Tensor = ABSENT
    label_embeddings: Tensor = ABSENT
    kernels: GaussianKernels = ABSENT
    memory: Memory | None = None
    known: Tensor | None = None


FIELDS = ("logits", "features", "embeddings", "prototypes", "label_embeddings", "kernels", "memory", "known")


@dataclass(frozen=True)
class LabelStats:
    """How often each label occurs among the training rows.

    - `counts` [L], of any dtype: the rows that have it.
    - `num_samples`: all rows.
    - `known` [L]: the rows that are known to have it or not; None where that is all of them.
    """

    counts: Tensor
    num_samples: int
    known: Tensor | None = None

    def __post_init__(self) -> None:
        if self.counts.ndim != 1:
            raise ValueError(f"counts must be [L], got shape {list(self.counts.shape)}")
        if self.num_samples < 1:
            raise ValueError(f"num_samples must be at least 1, got {self.num_samples}")
        if self.known is not None and self.known.shape != self.counts.shape:
            raise ValueError(f"known must be {list(self.counts.shape)}, got shape {list(self.known.shape)}")

    @property
    def totals(self) -> Tensor:
        """The rows N in which each label is known, [L] in float64."""
        if self.known is not None:
            return self.known.detach().to(torch.float64)
        return torch.full_like(self.counts, self.num_samples, dtype=torch.float64)

    def to(self, device: torch.device | str) -> LabelStats:
        """The same on a device."""
        known = None if self.known is None else self.known.to(device)
        return LabelStats(self.counts.to(device), self.num_samples, known)

    def log_odds(self) -> Tensor:
        """log((n + ½)/(N − n + ½)) of each label, [L] in float64: finite where it is in no row or in all of them."""
        positives = self.counts.detach().to(torch.float64)
        return torch.log((positives + 0.5) / (self.totals - positives + 0.5))

    def clamped(self) -> tuple[Tensor, Tensor]:
        """(n, N), both [L] in float64: the counts kept within [1, N−1] so that n, N/n − 1 and their logarithms exist.

        At 1 % of the rows many labels have no positive; N is read as 2 where there is one row only.
        """
        totals = self.totals.clamp(min=2)
        return self.counts.detach().to(torch.float64).clamp(min=1).minimum(totals - 1), totals


def tensors_of(value: Tensor | GaussianKernels | Memory | None) -> list[Tensor]:
    """The tensors of one field of Outputs."""
    if value is None:
        return []
    if isinstance(value, GaussianKernels):
        return [value.mean, value.variance, *tensors_of(value.features)]
    return [value.embeddings, value.targets] if isinstance(value, Memory) else [value]


def map_field(value: T, convert: Callable[[Tensor], Tensor]) -> T:
    """One field of Outputs with `convert` applied to each of its tensors."""
    mapped: Any = value
    if isinstance(value, GaussianKernels):
        seen = None if value.features is None else convert(value.features)
        mapped = GaussianKernels(convert(value.mean), convert(value.variance), seen)
    elif isinstance(value, Memory):
        mapped = Memory(convert(value.embeddings), convert(value.targets))
    elif value is not None:
        mapped = convert(cast(Tensor, value))
    return cast(T, mapped)
