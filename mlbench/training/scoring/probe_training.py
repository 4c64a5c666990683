"""Linear classifiers under several settings, trained as one: their weights lie side by side in one matrix."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from mlbench.losses.base import Loss

ProbeGrid = tuple[tuple[float, float], ...]
"""(learning rate, weight decay) of each setting."""
Slope = Callable[[Tensor, Tensor], Tensor]
"""The gradient of each row's loss with respect to logits [B, G, L], given targets [B, L]."""
BATCH = 512
WARMUP = 0.05
"""The share of the updates in which the rates rise."""
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-15


def logistic_slope(logits: Tensor, targets: Tensor) -> Tensor:
    """σ(z) − y, of binary cross-entropy: written out it spares the graph and two passes over [B, G, L]. Changes
    `logits`."""
    return logits.sigmoid_().sub_(targets.unsqueeze(1))


def slope_of(loss: Loss) -> Slope:
    """The same of another loss of logits whose batch is the mean of its rows."""

    def slope(logits: Tensor, targets: Tensor) -> Tensor:
        rows, settings, count = logits.shape
        leaf = logits.detach().requires_grad_()
        with torch.enable_grad():
            value = loss(leaf.reshape(rows * settings, count), targets.repeat_interleave(settings, dim=0))
            (gradient,) = torch.autograd.grad(value, leaf)
        return gradient * (rows * settings)

    return slope


def train_side_by_side(
    inputs: Tensor,
    labels: Tensor,
    generator: torch.Generator,
    *,
    steps: int,
    grid: ProbeGrid,
    slope_at: Slope,
    known: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Weights [M, G, L] and biases [G, L] after `steps` updates; of labels [N, L], where they are `known`.

    Each setting's weights are kept in units of its learning rate, so that one step fits all of them: Adam's step is
    first / √second, whatever the gradient's scale.
    """
    (rows, dim), count, settings = inputs.shape, labels.shape[1], len(grid)
    device = inputs.device
    rates = torch.tensor([rate for rate, _ in grid], device=device).view(1, settings, 1)
    shrinks = torch.tensor([rate * decay for rate, decay in grid], device=device).view(1, settings, 1)
    # The bias is a row of the weights, and starts at the labels' own log odds: rare labels need no steps for it.
    inputs = torch.cat([inputs, torch.ones(rows, 1, device=device)], dim=1)
    totals = (
        torch.full_like(labels[0], rows) if known is None else known.sum(dim=0).to(labels.dtype).clamp_min(1)
    )
    least = 0.5 / (totals + 1)
    frequency = (labels.sum(dim=0) / totals).clamp(least, 1 - least)
    weight = torch.zeros(dim + 1, settings, count, device=device)
    weight[-1] = torch.logit(frequency) / rates[0]
    first, second = torch.zeros_like(weight), torch.full_like(weight, EPSILON**2)
    batch = min(BATCH, rows)
    order = torch.randint(rows, (steps, batch), generator=generator).to(device)
    warmup = max(1, round(WARMUP * steps))
    for step in range(steps):
        batch_inputs, batch_labels = inputs[order[step]], labels[order[step]]
        logits = (batch_inputs @ weight.flatten(1)).unflatten(1, (settings, count)).mul_(rates)
        slope = slope_at(logits, batch_labels)
        if known is not None:
            slope = slope * known[order[step]].unsqueeze(1)
        gradient = (batch_inputs.T @ slope.flatten(1)).unflatten(1, (settings, count))
        factor = min(1.0, (step + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * step / steps))
        first.lerp_(gradient, 1 - BETA1)
        second.lerp_(gradient.square_(), 1 - BETA2)
        weight[:-1] *= 1 - factor * shrinks
        size = factor * math.sqrt(1 - BETA2 ** (step + 1)) / (1 - BETA1 ** (step + 1))
        weight.addcdiv_(first, second.sqrt(), value=-size)
    weight *= rates
    return weight[:-1], weight[-1]
