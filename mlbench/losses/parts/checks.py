"""Errors for arguments that a loss cannot use: parameters, shapes, values of targets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor

from mlbench.losses.parts.outputs import GaussianKernels, Memory

if TYPE_CHECKING:
    from mlbench.losses.parts.outputs import Outputs

T = TypeVar("T")


def positive(name: str, value: float) -> float:
    """`value`, a finite number above 0; raises ValueError."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number above 0, got {value}")
    return value


def nonnegative(name: str, value: float) -> float:
    """`value`, a finite number of at least 0; raises ValueError."""
    return within(name, value, 0, math.inf)


def within(name: str, value: float, low: float, high: float) -> float:
    """`value`, a finite number between `low` and `high`, both included; raises ValueError."""
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} must be a finite number between {low:g} and {high:g}, got {value}")
    return value


def one_of(name: str, value: T, known: tuple[T, ...]) -> T:
    """`value`, one of `known`; raises ValueError."""
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}")
    return value


def prepared(buffer: Tensor | None, owner: object, like: Tensor) -> Tensor:
    """What `prepare` computed, in the dtype and on the device of `like`; raises ValueError before it."""
    if buffer is None:
        raise ValueError(f"{type(owner).__name__} needs prepare(LabelStats(counts, num_samples)) first")
    return buffer.to(like)


def check_scalar(value: object, owner: str) -> None:
    """Raise TypeError for what is no tensor, ValueError for a tensor that is no scalar."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{owner} must return a scalar tensor, got {value!r:.40} ({type(value).__name__})")
    if value.ndim:
        raise ValueError(f"{owner} must return a scalar, got {list(value.shape)}; take the mean or the sum")


def readable(values: Tensor) -> bool:
    """Whether a loss may look at `values`: on the CPU and not compiled, where that waits for nothing."""
    return values.device.type == "cpu" and not torch.compiler.is_compiling()


def check_targets(targets: Tensor, owner: str, soft: bool) -> None:
    """Raise ValueError where a value is not in {0, 1}, or with `soft` not between 0 and 1.

    It reads values: only for targets that are `readable`.
    """
    if targets.dtype == torch.bool:
        return
    low, high = targets.aminmax()
    fine = bool(low >= 0 and high <= 1)
    if fine and not soft and targets.is_floating_point():
        # Between 0 and 1, y − y² is 0 at the ends only.
        fine = bool(torch.addcmul(targets, targets, targets, value=-1).amax() == 0)
    if not fine:
        wanted = (
            "lie between 0 and 1" if soft else "be 0 or 1 (its formula is for label sets, not soft labels)"
        )
        raise ValueError(f"targets of {owner} must {wanted}, got {_first_bad(targets, soft)}")


def _first_bad(targets: Tensor, soft: bool) -> str:
    fine = (targets >= 0) & (targets <= 1) if soft else (targets == 0) | (targets == 1)
    row, label = (~fine).nonzero()[0].tolist()
    return f"{targets[row, label].item():g} at row {row}, label {label}"


def check_shapes(out: Outputs, targets: Tensor, owner: str) -> None:
    """Raise ValueError where the fields of `out` do not fit `targets` [B, L] or one another."""
    if targets.ndim != 2 or 0 in targets.shape:
        raise ValueError(f"{owner}: targets must be [B, L], both at least 1, got {list(targets.shape)}")
    batch, labels = targets.shape
    width = out.embeddings.shape[-1] if out.embeddings is not None else None
    expected: dict[str, tuple[Tensor | None, tuple[int | None, ...]]] = {
        "logits": (out.logits, (batch, labels)),
        "features": (out.features, (batch, None)),
        "embeddings": (out.embeddings, (batch, None)),
        "prototypes": (out.prototypes, (labels, width)),
        "label_embeddings": (out.label_embeddings, (batch, labels, None)),
        "known": (out.known, (batch, labels)),
    }
    if out.memory is not None:
        _expect_type(owner, "memory", out.memory, Memory)
        rows = out.memory.embeddings.shape[0]
        expected["memory.embeddings"] = (out.memory.embeddings, (rows, width))
        expected["memory.targets"] = (out.memory.targets, (rows, labels))
    if out.kernels is not None:
        _expect_type(owner, "kernels", out.kernels, GaussianKernels)
        seen = out.kernels.features if out.kernels.features is not None else out.features
        dimensions = (seen.shape[-1],) if out.kernels.mean.ndim == 3 else ()
        shape = (batch, *dimensions, labels)
        expected["kernels.mean"] = (out.kernels.mean, shape)
        expected["kernels.variance"] = (out.kernels.variance, shape)
        expected["kernels.features"] = (out.kernels.features, (batch, None))
    for name, (tensor, shape) in expected.items():
        if tensor is not None and not _fits(tensor, shape):
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            raise ValueError(
                f"{owner}: {name} must have shape [{wanted}] to go with targets {list(targets.shape)}, "
                f"got {list(tensor.shape)}"
            )


def _fits(tensor: Tensor, shape: tuple[int | None, ...]) -> bool:
    sizes = zip(tensor.shape, shape, strict=False)
    return tensor.ndim == len(shape) and all(want is None or have == want for have, want in sizes)


def _expect_type(owner: str, name: str, value: object, wanted: type) -> None:
    if not isinstance(value, wanted):
        raise TypeError(f"{owner}: {name} must be {wanted.__name__}, got {type(value).__name__}")
