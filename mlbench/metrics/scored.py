"""The scores and targets of one split: checked once, brought into the form that every metric reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlbench.errors import NonFiniteError

UNSCORED = 255
"""The target of an entry that is not to be evaluated."""


@dataclass(frozen=True, eq=False)
class Scored:
    """The scores and the truth of one split, on any one device.

    - `logits` [N, L]: a tensor or an array.
    - `targets` [N, L]: likewise, 0, 1 or 255 (not scored).

    Logits are read as float32: half precision is raised before anything is computed of it (a sigmoid in float16 makes
    ties that the logits do not have), float64 is rounded to what the store holds. Raises NonFiniteError for NaN or
    infinite logits, ValueError for shapes that differ, an empty split or other targets.
    """

    logits: Tensor
    targets: Tensor

    def __post_init__(self) -> None:
        object.__setattr__(self, "logits", as_logits(self.logits))
        targets = as_targets(self.targets).to(self.logits.device)
        if self.logits.ndim != 2 or self.logits.shape != targets.shape:
            raise ValueError(
                "logits and targets must be two [N, L] matrices of one shape, "
                f"got {list(self.logits.shape)} and {list(targets.shape)}"
            )
        object.__setattr__(self, "targets", targets)

    @cached_property
    def positive(self) -> Tensor:
        """Where the label holds; bool [N, L]."""
        return self.targets == 1 if self.has_unscored else self.targets.view(torch.bool)

    @cached_property
    def has_unscored(self) -> bool:
        return bool((self.targets == UNSCORED).any())

    @cached_property
    def scores(self) -> Tensor:
        """The logits with -inf where an entry is not scored, below every score; float32 [N, L]."""
        if not self.has_unscored:
            return self.logits
        return self.logits.masked_fill(self.targets == UNSCORED, -torch.inf)

    @cached_property
    def label_positives(self) -> Tensor:
        """The positives of every label; float64 [L]."""
        return self.positive.sum(0, dtype=torch.int32).double()

    @cached_property
    def sample_positives(self) -> Tensor:
        """The labels of every sample; float64 [N]."""
        return self.positive.sum(1, dtype=torch.int32).double()

    @cached_property
    def label_scored(self) -> Tensor:
        """The scored entries of every label; float64 [L]."""
        if self.has_unscored:
            return (self.targets != UNSCORED).sum(0, dtype=torch.int32).double()
        return torch.full_like(self.label_positives, self.logits.shape[0])

    @cached_property
    def sample_scored(self) -> Tensor:
        """The scored entries of every sample; float64 [N]."""
        if self.has_unscored:
            return (self.targets != UNSCORED).sum(1, dtype=torch.int32).double()
        return torch.full_like(self.sample_positives, self.logits.shape[1])


def as_tensor(given: Any) -> Tensor:
    """A tensor without its graph, or an array of any strides, or a list, as a tensor."""
    if isinstance(given, Tensor):
        return given.detach()
    return torch.as_tensor(np.require(given, requirements=["C", "W"]))


def as_logits(logits: Any) -> Tensor:
    """A contiguous float32 tensor of the same numbers; raises NonFiniteError for NaN or infinity."""
    given = as_tensor(logits)
    if given.numel() == 0:
        raise ValueError(f"there is nothing to evaluate: the logits have shape {list(given.shape)}")
    raised = given.float().contiguous()
    if not torch.isfinite(raised.sum(dtype=torch.float64)):
        place = (~torch.isfinite(raised)).nonzero()[0].tolist()
        where = ", ".join(f"{axis} {i}" for axis, i in zip(("sample", "label"), place[-2:], strict=False))
        raise NonFiniteError(f"logits must be finite, found {float(raised[tuple(place)])} at {where}")
    return raised


def as_targets(targets: Any) -> Tensor:
    """A contiguous uint8 tensor of 0, 1 and 255; raises ValueError for anything else."""
    given = as_tensor(targets)
    if given.dtype == torch.bool:
        return given.to(torch.uint8).contiguous()
    legal = given.max() <= 1 if given.dtype == torch.uint8 else torch.tensor(False)
    if not legal and not ((given == 0) | (given == 1) | (given == UNSCORED)).all():
        place = ((given != 0) & (given != 1) & (given != UNSCORED)).nonzero()[0].tolist()
        raise ValueError(f"targets must be 0, 1 or 255 (not scored), found {given[tuple(place)]} at {place}")
    return given.to(torch.uint8).contiguous()


def refuse_other_labels(validation: Scored, test: Scored) -> None:
    """Raises ValueError where the two splits are not of equally many labels."""
    counts = validation.logits.shape[1], test.logits.shape[1]
    if counts[0] != counts[1]:
        raise ValueError(f"validation has {counts[0]} labels and test {counts[1]}")
