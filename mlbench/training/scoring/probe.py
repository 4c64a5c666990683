"""The linear probe: one and the same linear classifier for the frozen features of every cell.

A grid of learning rate × weight decay is searched as one problem: the settings lie side by side in one weight
matrix [M, G·L] and see the same batches, so that they cost a wider matrix product and not G trainings. The search
is a pilot, a quarter as long with rates four times as high (Adam's steps are of the rate's size, so a setting
comes as far), on at most 16 labels from the frequent to the rare. The two settings that do best on validation are
then trained in full, again side by side, and the better of them is the probe. All of it costs 1.8 to 1.95 times one
setting on a CPU.

Measured on the features of 56 cells (eight datasets of text and measurements, some at 10 % too; bce, asl, zlpr,
supcon, msc): the lowest or the highest rate is chosen in 4 % of the cells, in 5 % without the MARGIN. On test the
choice is level with the best on validation of 20 settings from 1e-4 to 0.1 all trained in full (44 cells: +0.0003
mAP in the mean, from -0.009 to +0.013), and rates of 3e-5 and 0.3 beside them would add 0.0002. Strong decay is what
small data need: a grid of 0.001 to 0.03 with decays of 0.01 and 0.3 had an edge in 68 % of the same cells and was
0.007 mAP worse on test (from -0.009 to +0.040).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mlbench.losses.base import Loss
from mlbench.metrics import mean_average_precision
from mlbench.training.determinism import measuring
from mlbench.training.scoring.probe_training import ProbeGrid, logistic_slope, slope_of, train_side_by_side
from mlbench.training.unknown import split_known

GRID: ProbeGrid = (
    (0.0001, 0.01),
    (0.001, 0.01),
    (0.001, 30.0),
    (0.001, 100.0),
    (0.01, 0.01),
    (0.01, 1.0),
    (0.01, 10.0),
    (0.01, 30.0),
    (0.1, 1.0),
)
"""(learning rate, weight decay) of the full probe."""
FINALISTS = 2
"""Settings that the search leaves to be trained in full."""
MARGIN = 0.002
"""mAP by which a setting at the lowest or the highest rate must be ahead: of less a few hundred rows tell nothing, and
a choice at an edge should say that the grid is too narrow."""
PILOT = 4
"""How many times shorter than the training the search for its setting is, and how many times higher its rates."""
PILOT_LABELS = 16
"""Labels that the search is over, at most."""
QUICK: ProbeGrid = ((0.03, 3.0),)
"""The one setting of the probe that scores a representation during training: of eight tried on the features of 44 cells
the one whose score kept the most even distance from that of the full probe (0.012 mAP, ± 0.012)."""
QUICK_ROWS, QUICK_STEPS = 10_000, 100


@dataclass(frozen=True)
class LinearProbe:
    """A trained probe: logits = ((f − mean) / scale) W + b.

    - `mean` [M]: of the training rows' features.
    - `scale`: one for all features.
    - `weight` [M, L]: W.
    - `bias` [L]: b.
    - `lr`, `weight_decay`: the setting that validation chose.
    - `validation_score`: its mAP there.
    """

    mean: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor
    lr: float
    weight_decay: float
    validation_score: float

    def setting(self) -> dict[str, float]:
        """The `probe` of a record: the setting that validation chose."""
        return {"lr": self.lr, "weight_decay": self.weight_decay, "validation": self.validation_score}

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
    grid: ProbeGrid = GRID,
    loss: Loss | None = None,
) -> LinearProbe:
    """The probe with the setting whose mAP on validation is best, of the two of `grid` that the search leaves.

    features [N, M] and targets [N, L] are of the cell's training rows, validation's of held-out ones. Targets are 0, 1
    or 255: entries that nobody knows play no part in training, those that are not scored none in validation. The loss
    is binary cross-entropy, summed over labels and averaged over the batch, unless another is given (logits only,
    `per_sample`, prepared); Adam with decoupled weight decay, warm-up and cosine; features are centred and divided by
    one common scale, so that a representation's units play no part.
    """
    mean = features.mean(dim=0)
    scale = (features - mean).square().mean().sqrt().clamp_min(1e-12)
    inputs, (labels, known) = (features - mean) / scale, split_known(targets)
    labels, left_out = labels.to(features.dtype), not bool(known.all())
    held_out = (validation_features - mean) / scale
    slope = logistic_slope if loss is None else slope_of(loss)
    finalists = grid
    if len(grid) > FINALISTS:
        # Losses may hold something of each label, so another than the logistic one sees them all.
        some = _spread_labels(labels, PILOT_LABELS if loss is None else labels.shape[1])
        raised = tuple((rate * PILOT, decay) for rate, decay in grid)
        # Draws of its own, so that a setting's training is the same wherever it was found.
        pilot = torch.Generator().manual_seed(generator.initial_seed() ^ 1)
        of_some = known[:, some] if left_out else None
        found = train_side_by_side(
            inputs,
            labels[:, some],
            pilot,
            steps=max(1, steps // PILOT),
            grid=raised,
            slope_at=slope,
            known=of_some,
        )
        scores = _scores(found, held_out, validation_targets[:, some.to(validation_targets.device)])
        finalists = tuple(grid[index] for index in _ranked(grid, scores)[:FINALISTS])
    weight, bias = trained = train_side_by_side(
        inputs,
        labels,
        generator,
        steps=steps,
        grid=finalists,
        slope_at=slope,
        known=known if left_out else None,
    )
    scores = _scores(trained, held_out, validation_targets)
    best = _ranked(finalists, scores, of=grid)[0]
    lr, decay = finalists[best]
    return LinearProbe(
        mean=mean,
        scale=scale,
        weight=weight[:, best].contiguous(),
        bias=bias[best].contiguous(),
        lr=lr,
        weight_decay=decay,
        validation_score=scores[best],
    )


def _ranked(settings: ProbeGrid, scores: list[float], of: ProbeGrid | None = None) -> list[int]:
    """The indices of `settings`, best first, those at the lowest and the highest rate of the grid that they are `of`
    with a handicap; of equal ones the first."""
    rates = [rate for rate, _ in of or settings]
    edges = min(rates), max(rates)
    handicapped = [
        score - MARGIN * (rate in edges) for (rate, _), score in zip(settings, scores, strict=True)
    ]
    return sorted(range(len(settings)), key=lambda index: -handicapped[index])


def _spread_labels(labels: Tensor, count: int) -> Tensor:
    """`count` labels at even steps from the most frequent to the rarest, or all of them."""
    order = labels.sum(dim=0).argsort(descending=True, stable=True)
    evenly = torch.linspace(0, len(order) - 1, min(count, len(order)), dtype=torch.float64)
    return order[evenly.round().long().to(order.device)]


def _scores(trained: tuple[Tensor, Tensor], held_out: Tensor, targets: Tensor) -> list[float]:
    """mAP of each setting; one that is not a number is worse than all others."""
    weight, bias = trained
    logits = torch.addmm(bias.flatten(), held_out, weight.flatten(1)).unflatten(1, bias.shape).movedim(1, 0)
    finite = torch.isfinite(logits).all(dim=2, keepdim=True).all(dim=1, keepdim=True)
    with measuring():
        values = mean_average_precision(logits.where(finite, 0.0), targets)
    scores: list[float] = values.where(finite.flatten() & values.isfinite(), -1.0).tolist()
    return scores
