"""The linear probe: one and the same linear classifier for the frozen features of every cell.

A grid of learning rate × weight decay is trained as one problem: the settings lie side by side in one weight
matrix [M, G·L] and see the same batches, so that a grid costs a wider matrix product and not G trainings.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mlbench.metrics import mean_average_precision

GRID = tuple(itertools.product((0.001, 0.003, 0.01, 0.03), (0.01, 0.3)))
"""(learning rate, weight decay) of the full probe."""
QUICK = ((0.01, 0.01),)
"""The one setting of the probe that scores a representation during training."""
QUICK_ROWS, QUICK_STEPS = 10_000, 100
BATCH = 512
WARMUP = 0.05
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-15


@dataclass(frozen=True)
class LinearProbe:
    """A trained probe: logits = ((f − mean) / scale) W + b, with the setting that validation chose."""

    mean: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor
    lr: float
    weight_decay: float
    validation_score: float

    def __call__(self, features: Tensor) -> Tensor:
        """Logits [N, L] of features [N, M]."""
        return torch.addmm(self.bias, (features - self.mean) / self.scale, self.weight)


@torch.no_grad()
def fit_probe(
    features: Tensor,
    targets: Tensor,
    validation_features: Tensor,
    validation_targets: Tensor,
    generator: torch.Generator,
    *,
    steps: int,
    grid: tuple[tuple[float, float], ...] = GRID,
) -> LinearProbe:
    """The probe of the setting whose mAP on validation is best.

    features [N, M] and targets [N, L] in {0, 1} are of the cell's training rows; validation targets may hold
    255 (not scored). The loss is binary cross-entropy, summed over labels and averaged over the batch; Adam
    with decoupled weight decay, warm-up and cosine; features are centred and divided by one common scale, so
    that a representation's units play no part.
    """
    mean = features.mean(dim=0)
    scale = (features - mean).square().mean().sqrt().clamp_min(1e-12)
    inputs, labels = (features - mean) / scale, targets.to(features.dtype)
    weight, bias = _train(inputs, labels, generator, steps, grid)
    held_out = (validation_features - mean) / scale
    logits = torch.addmm(bias.flatten(), held_out, weight.flatten(1)).unflatten(1, bias.shape)
    scores = [mean_average_precision(logits[:, index], validation_targets) for index in range(len(grid))]
    best = max(range(len(grid)), key=lambda index: _rank(float(scores[index])))
    return LinearProbe(
        mean, scale, weight[:, best].contiguous(), bias[best].contiguous(), *grid[best], float(scores[best])
    )


def _rank(score: float) -> float:
    return score if math.isfinite(score) else -1.0


def _train(
    inputs: Tensor,
    labels: Tensor,
    generator: torch.Generator,
    steps: int,
    grid: tuple[tuple[float, float], ...],
) -> tuple[Tensor, Tensor]:
    """Weights [M, G, L] and biases [G, L] after `steps` updates. The gradient of the logistic loss is written
    out (σ(x) − y), which spares the graph and two passes over [B, G·L]."""
    (rows, dim), count, settings = inputs.shape, labels.shape[1], len(grid)
    device = inputs.device
    rates = torch.tensor([rate for rate, _ in grid], device=device).view(1, settings, 1)
    decays = torch.tensor([decay for _, decay in grid], device=device).view(1, settings, 1)
    # The bias is a row of the weights, and starts at the labels' own log odds: rare labels need no steps for it.
    frequency = labels.mean(dim=0).clamp(0.5 / (rows + 1), 1 - 0.5 / (rows + 1))
    weight = torch.zeros(dim + 1, settings, count, device=device)
    weight[-1] = torch.logit(frequency)
    first, second = torch.zeros_like(weight), torch.zeros_like(weight)
    shrink = torch.ones(dim + 1, 1, 1, device=device)
    shrink[-1] = 0
    batch = min(BATCH, rows)
    order = torch.randint(rows, (steps, batch), generator=generator).to(device)
    ones = torch.ones(batch, 1, device=device)
    warmup = max(1, round(WARMUP * steps))
    for step in range(steps):
        seen = torch.cat([inputs[order[step]], ones], dim=1)
        wanted = labels[order[step]].unsqueeze(1)
        slope = (seen @ weight.flatten(1)).unflatten(1, (settings, count)).sigmoid_().sub_(wanted)
        gradient = (seen.T @ slope.flatten(1)).unflatten(1, (settings, count)).div_(batch)
        factor = min(1.0, (step + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * step / steps))
        first.lerp_(gradient, 1 - BETA1)
        second.lerp_(gradient.square_(), 1 - BETA2)
        spread = second.div(1 - BETA2 ** (step + 1)).sqrt_().add_(EPSILON)
        move = first.div(1 - BETA1 ** (step + 1)).div_(spread).addcmul_(decays * shrink, weight)
        weight.addcmul_(move, rates, value=-factor)
    return weight[:-1], weight[-1]
