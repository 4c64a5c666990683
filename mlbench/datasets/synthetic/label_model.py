"""Labels with a known law: a power-law frequency and a latent group that makes them depend on each other.

A sample belongs to one of K groups, each as likely; given the group z, label l is present with probability
p_zl, independently of the others. Over the groups the p_zl average to the label's frequency
p_l ∝ (l + 1)^−imbalance, whose sum is the cardinality. With dependence 0 every group has the same p_zl = p_l
and the labels are independent; with dependence 1 most labels live in one or two groups.

Where the input's law factorises over the labels given y, the posterior is exact: with the evidence
e_l = log p(x_l | y_l = 1) − log p(x_l | y_l = 0),

    P(z | x) ∝ Π_l (1 − p_zl + p_zl exp e_l),    P(y_l | x, z) = p_zl exp e_l / (1 − p_zl + p_zl exp e_l),

and P(y_l | x) is the mean of the latter under the former.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlbench.errors import ConfigError

Matrix = npt.NDArray[np.float64]

MOST_FREQUENT = 0.9
"""No label is on more than this share of the samples of a group."""

CHUNK = 4_000_000
"""Numbers held at once while posteriors are computed."""


@dataclass(frozen=True)
class LabelModel:
    """The law of the labels: `given_group` [K, L] holds the p_zl."""

    given_group: Matrix

    @property
    def frequency(self) -> Matrix:
        """The p_l; [L]."""
        frequency: Matrix = self.given_group.mean(axis=0)
        return frequency

    def draw(self, count: int, generator: np.random.Generator) -> npt.NDArray[np.uint8]:
        """Label rows, uint8 [count, L], none of them empty on purpose: rows without labels are as likely as
        the model says."""
        group = generator.integers(len(self.given_group), size=count)
        targets = np.empty((count, self.given_group.shape[1]), np.uint8)
        for rows in chunks(count, targets.shape[1]):
            targets[rows] = generator.random(targets[rows].shape) < self.given_group[group[rows]]
        return targets

    def posterior(self, evidence: Matrix) -> tuple[Matrix, Matrix]:
        """P(z | x) [N, K] and P(y_l | x) [N, L] of evidence [N, L], both exact."""
        groups = np.empty((len(evidence), len(self.given_group)))
        labels = np.empty_like(evidence)
        for rows in chunks(len(evidence), evidence.shape[1]):
            total = [_log_total(given, evidence[rows]) for given in self.given_group]
            weight = np.stack([part.sum(axis=1) for part in total], axis=1)
            weight = np.exp(weight - weight.max(axis=1, keepdims=True))
            groups[rows] = weight / weight.sum(axis=1, keepdims=True)
            labels[rows] = sum(
                groups[rows, z, None] * np.exp(np.log(given) + evidence[rows] - total[z])
                for z, given in enumerate(self.given_group)
            )
        return groups, labels

    def redraw(
        self, evidence: Matrix, groups: Matrix, generator: np.random.Generator
    ) -> npt.NDArray[np.uint8]:
        """Labels drawn anew from P(y | x); uint8 [N, L]."""
        drawn = (groups.cumsum(axis=1) < generator.random((len(groups), 1))).sum(axis=1)
        given = self.given_group[np.minimum(drawn, groups.shape[1] - 1)]
        present = np.exp(np.log(given) + evidence - _log_total(given, evidence))
        redrawn: npt.NDArray[np.uint8] = (generator.random(present.shape) < present).astype(np.uint8)
        return redrawn


def make_label_model(
    labels: int, cardinality: float, imbalance: float, dependence: float, groups: int, seed: int
) -> LabelModel:
    """The model of these settings. Raises ConfigError for values that no model has."""
    if not 2 <= labels <= 5000:
        raise ConfigError(f"labels must be between 2 and 5,000, not {labels}")
    if not 0 < cardinality <= labels / 2:
        raise ConfigError(
            f"cardinality must be above 0 and at most half of {labels} labels, not {cardinality}"
        )
    if not 0 <= dependence <= 1 or imbalance < 0 or groups < 1:
        raise ConfigError("dependence must be in [0, 1], imbalance at least 0, groups at least 1")
    generator = np.random.default_rng([seed, 20])
    frequency = _power_law(labels, cardinality, imbalance)
    share = generator.dirichlet(np.full(groups, 0.2), size=labels).T * groups
    ratio = 1 + dependence * (share - 1)
    highest = ratio.max(axis=0)
    shrink = np.minimum(1.0, (MOST_FREQUENT / frequency - 1) / np.maximum(highest - 1, 1e-12))
    given = frequency * (1 + shrink * (ratio - 1))
    return LabelModel(np.maximum(given, 1e-9))


def _power_law(labels: int, cardinality: float, imbalance: float) -> Matrix:
    """Frequencies ∝ rank^−imbalance, none above MOST_FREQUENT, that add up to the cardinality."""
    weight: Matrix = np.power(1.0 + np.arange(labels), -imbalance, dtype=np.float64)
    frequency: Matrix = weight * cardinality / weight.sum()
    for _ in range(labels):
        high = frequency > MOST_FREQUENT
        if not high.any():
            break
        frequency[high] = MOST_FREQUENT
        rest = frequency < MOST_FREQUENT
        frequency[rest] *= (cardinality - MOST_FREQUENT * (~rest).sum()) / frequency[rest].sum()
    capped: Matrix = np.minimum(frequency, MOST_FREQUENT)
    return capped


def _log_total(given: Matrix, evidence: Matrix) -> Matrix:
    """log(1 − p + p exp e)."""
    total: Matrix = np.logaddexp(np.log1p(-given), np.log(given) + evidence)
    return total


def chunks(count: int, width: int) -> list[slice]:
    """Slices of `count` rows of `width` numbers, each small enough to be worked on at once."""
    step = max(1, CHUNK // max(1, width))
    return [slice(start, start + step) for start in range(0, count, step)]
