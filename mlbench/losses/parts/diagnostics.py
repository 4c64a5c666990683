"""What a loss does to a batch, for the training curves: its terms, its gradient, and the positives it repels.

Off the hot path: it runs the loss again, forward and backward, and reads values, so a few batches an epoch
do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from mlbench.losses.base import Loss, Outputs

MEASURED = ("logits", "embeddings")


@runtime_checkable
class Pairwise(Protocol):
    """A loss with a contrast of pairs. `pairs` gives their similarities, their weights (above 0 for a positive),
    and whatever else `contrast` makes the scalar of."""

    def pairs(self, out: Outputs, targets: Tensor) -> tuple[Tensor, ...]: ...

    contrast: Any


def diagnose(loss: Loss, outputs: Outputs, targets: Tensor) -> dict[str, float]:
    """Of one batch, by name:

    - `loss`, and `component/<name>` for each of the terms that the loss keeps in `components`;
    - `gradient_norm/logits` and `gradient_norm/embeddings`, those that it needs: the Frobenius norm of its
      gradient;
    - `pushed_apart`, of a contrastive loss: the share of positive pairs (w_ij > 0) whose similarity the gradient
      lowers, for SupCon and its kin those with σ_ij > w_ij, for KMCL the samples n, m that share a label k and
      whose BC_k it lowers. Left out where the batch has no positive pair.

    The graph of `outputs` is left alone, no gradient is added to any parameter, and the loss and torch's random state
    are afterwards what they were: a training goes on as if it had not been diagnosed.
    """
    with as_it_was(loss, targets.device):
        return _diagnose(loss, outputs, targets)


@contextlib.contextmanager
def as_it_was(loss: nn.Module, device: torch.device) -> Iterator[None]:
    """Afterwards the loss has the buffers and attributes that it had, and torch's random state on the CPU and on
    `device` is what it was."""
    attributes = [(module, vars(module).copy(), module._buffers.copy()) for module in loss.modules()]
    values = [(buffer, buffer.clone()) for buffer in loss.buffers()]
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        try:
            yield
        finally:
            for module, of_module, buffers in attributes:
                vars(module).clear()
                vars(module).update(of_module)
                module._buffers.clear()
                module._buffers.update(buffers)
            with torch.no_grad():
                for buffer, value in values:
                    buffer.copy_(value)


def _diagnose(loss: Loss, outputs: Outputs, targets: Tensor) -> dict[str, float]:
    leaves = {
        name: value.detach().requires_grad_()
        for name in MEASURED
        if name in loss.needs and (value := getattr(outputs, name)) is not None
    }
    with torch.enable_grad():
        value = loss(replace(outputs, **leaves), targets)
        found = {"loss": float(value.detach())}
        found |= {f"component/{name}": float(term) for name, term in loss.components.items()}
        if leaves:
            gradients = torch.autograd.grad(value, list(leaves.values()), materialize_grads=True)
            for name, gradient in zip(leaves, gradients, strict=True):
                found[f"gradient_norm/{name}"] = float(gradient.norm())
    if isinstance(loss, Pairwise):
        with torch.no_grad():
            pairs = loss.pairs(*loss.inputs(outputs, targets))
        found |= _pushed_apart(loss, *pairs)
    return found


def _pushed_apart(loss: Pairwise, similarities: Tensor, weights: Tensor, *more: Tensor) -> dict[str, float]:
    positive = weights > 0
    if not positive.any():
        return {}
    with torch.enable_grad():
        leaf = similarities.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss.contrast(leaf, weights, *more), leaf)
    return {"pushed_apart": float((gradient[positive] > 0).double().mean())}


def mean_of(diagnoses: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The mean of several batches' diagnoses, each name over the batches that have it."""
    values: dict[str, list[float]] = {}
    for diagnosis in diagnoses:
        for name, value in diagnosis.items():
            values.setdefault(name, []).append(value)
    return {name: sum(of) / len(of) for name, of in values.items()}
