"""Friedman, Iman–Davenport, Wilcoxon with Holm's correction, Nemenyi: each speaks where its own limit lets it.

Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets, JMLR 7 (2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from mlbench.report.data.arrays import Floats
from mlbench.report.statistics.blocks import Blocks
from mlbench.report.statistics.leverage import Leverage, leverage
from mlbench.report.statistics.ranks import block_ranks

ALPHA = 0.05


@dataclass(frozen=True)
class Friedman:
    """Whether the losses differ at all."""

    chi2: float
    """Friedman's statistic, corrected for ties."""
    p: float
    """Its p."""
    f: float
    """Iman and Davenport's statistic; infinite where all blocks agree on the order."""
    p_f: float
    """Its p."""
    blocks: int
    losses: int

    @property
    def rejects(self) -> bool:
        """Whether Friedman's own test says that not all losses rank equally."""
        return self.p <= ALPHA


@dataclass(frozen=True)
class AgainstControl:
    """A loss against the control over the families."""

    loss: str
    control: str
    differences: Leverage
    """Positive where the loss is better."""
    wins: int
    """Families on which it is ahead."""
    ties: int
    """Families on which the two are equal."""
    defeats: int
    """Families on which it is behind."""
    effect: float
    """The matched-pairs rank-biserial correlation: +1 where the loss is better everywhere, −1 where worse."""
    p: float | None
    """Wilcoxon's, exact where it can be had; None where `wilcoxon_speaks` says that no p could count."""
    p_holm: float | None
    """The same after Holm's correction over all losses."""


def friedman(scores: Floats) -> Friedman | None:
    """Of [blocks, losses]; None where there are fewer than three losses or two blocks, or all is tied."""
    blocks, losses = scores.shape
    if losses < 3 or blocks < 2 or bool((scores == scores[:, :1]).all()):
        return None
    chi2, p = stats.friedmanchisquare(*scores.T)
    spare = blocks * (losses - 1) - chi2
    f = math.inf if spare <= 0 else (blocks - 1) * chi2 / spare
    p_f = float(stats.f.sf(f, losses - 1, (losses - 1) * (blocks - 1)))
    return Friedman(float(chi2), float(p), float(f), p_f, blocks, losses)


def smallest_p(blocks: int) -> float:
    """The smallest two-sided p that Wilcoxon's signed-rank test can reach, that of a loss ahead on all blocks."""
    return float(2.0 ** (1 - blocks))


def wilcoxon_speaks(blocks: int, comparisons: int, alpha: float = ALPHA) -> bool:
    """Whether a loss that wins on all blocks passes Holm's first level: if not, no p could ever count."""
    return smallest_p(blocks) <= alpha / max(comparisons, 1)


def against_control(blocks: Blocks, control: str) -> list[AgainstControl]:
    """Every other loss against the control."""
    others = [loss for loss in blocks.losses if loss != control]
    speaks = wilcoxon_speaks(blocks.count, len(others))
    differences = [blocks.differences(loss, control) for loss in others]
    p = [_wilcoxon(difference) if speaks else None for difference in differences]
    corrected = holm([value for value in p if value is not None])
    pairs = []
    for index, (loss, difference) in enumerate(zip(others, differences, strict=True)):
        pairs.append(
            AgainstControl(
                loss=loss,
                control=control,
                differences=leverage(difference, blocks.families),
                wins=int((difference > 0).sum()),
                ties=int((difference == 0).sum()),
                defeats=int((difference < 0).sum()),
                effect=rank_biserial(difference),
                p=p[index],
                p_holm=float(corrected[index]) if speaks else None,
            )
        )
    return pairs


def holm(p: npt.ArrayLike) -> Floats:
    """Holm's step-down adjusted p-values, in the order given.

    scipy has none, and statsmodels' collects garbage in every call: 70 ms for a handful of numbers.
    """
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def rank_biserial(differences: Floats) -> float:
    """(R⁺ − R⁻) / (R⁺ + R⁻) of the ranks of the differences that are not zero; 0 where all are."""
    kept = differences[differences != 0]
    if not len(kept):
        return 0.0
    ranks = stats.rankdata(np.abs(kept))
    return float((ranks * np.sign(kept)).sum() / ranks.sum())


def critical_difference(losses: int, blocks: int, alpha: float = ALPHA) -> float:
    """Nemenyi's: average ranks further apart differ. q √(k(k+1)/6N), q the studentised range's over √2."""
    q = stats.studentized_range.ppf(1 - alpha, losses, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(losses * (losses + 1) / (6 * blocks)))


def nemenyi(scores: Floats) -> Floats:
    """p of every pair of losses, [losses, losses], of [blocks, losses] scores; to be read where Friedman rejects."""
    blocks, losses = scores.shape
    ranks = block_ranks(scores).mean(0)
    distance = np.abs(ranks[:, None] - ranks) / math.sqrt(losses * (losses + 1) / (6 * blocks))
    p: Floats = np.asarray(stats.studentized_range.sf(distance * math.sqrt(2), losses, np.inf))
    np.fill_diagonal(p, 1.0)
    return np.clip(p, 0, 1)


def _wilcoxon(differences: Floats) -> float:
    if not np.any(differences):
        return 1.0
    return float(stats.wilcoxon(differences, method="auto").pvalue)
