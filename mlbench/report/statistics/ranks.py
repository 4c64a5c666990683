"""Average ranks over families, with intervals by a paired bootstrap over families, then seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from mlbench.report.data.arrays import Floats, mean_of, settled
from mlbench.report.statistics.blocks import Blocks

REPLICATES = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Ranking:
    """Average ranks over families; arrays of [losses]."""

    losses: tuple[str, ...]
    ranks: Floats
    """1 is best; ties share their mean."""
    low: Floats
    """The lower end of the rank's 95 % interval."""
    high: Floats
    """The upper end."""
    first: Floats
    """On how many families it is first; those that share the first place share it."""
    gap: Floats
    """How much better the best loss scores on average over families."""
    gap_low: Floats
    """The lower end of the gap's 95 % interval."""
    gap_high: Floats
    """The upper end."""

    @property
    def order(self) -> list[int]:
        """Indices of the losses, best first."""
        return [int(index) for index in np.lexsort((np.arange(len(self.ranks)), self.ranks))]

    @property
    def best(self) -> str:
        return self.losses[self.order[0]]

    @property
    def level(self) -> list[str]:
        """The losses that share the best average rank and the best mean."""
        return [
            loss
            for loss, rank, gap in zip(self.losses, self.ranks, self.gap, strict=True)
            if rank == self.ranks.min() and gap == 0
        ]


def rank_losses(blocks: Blocks, *, replicates: int = REPLICATES, seed: int = 0) -> Ranking:
    """Rank the losses in every family by their mean score and average the ranks.

    A replicate draws families with replacement, and in each task of a family drawn its seeds with
    replacement, the same draw for all losses.
    """
    ranks = block_ranks(blocks.scores)
    resampled, means = _resampled(blocks, replicates, np.random.default_rng(seed))
    ends = [50 * (1 - LEVEL), 50 * (1 + LEVEL)]
    low, high = np.percentile(resampled, ends, axis=0)
    firsts = ranks == ranks.min(1, keepdims=True)
    best = int(ranks.mean(0).argmin())
    scores = mean_of(blocks.scores, 0)
    gap_low, gap_high = np.percentile(means[:, [best]] - means, ends, axis=0)
    return Ranking(
        losses=blocks.losses,
        ranks=ranks.mean(0),
        low=low,
        high=high,
        first=(firsts / firsts.sum(1, keepdims=True)).sum(0),
        gap=settled(scores[best] - scores),
        gap_low=gap_low,
        gap_high=gap_high,
    )


def first_on(blocks: Blocks, loss: str) -> tuple[int, int]:
    """The number of families on which a loss alone is first, and of those on which it is together with others."""
    ranks = block_ranks(blocks.scores)
    firsts = ranks == ranks.min(1, keepdims=True)
    own = firsts[:, blocks.losses.index(loss)]
    together = own & (firsts.sum(1) > 1)
    return int((own & ~together).sum()), int(together.sum())


def block_ranks(scores: Floats) -> Floats:
    """[…, losses] scores, more is better -> ranks, 1 is best."""
    ranks: Floats = rankdata(-scores, axis=-1)
    return ranks


def _resampled(blocks: Blocks, replicates: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Average ranks and mean scores of bootstrap replicates, each [replicates, losses]."""
    means = np.empty((len(blocks.tasks), replicates, len(blocks.losses)))
    for index, scores in enumerate(blocks.by_task):
        seeds = scores.shape[1]
        draws = random.multinomial(seeds, np.full(seeds, 1 / seeds), size=replicates)
        means[index] = settled(draws @ scores.T / seeds)
    scores = blocks.average_families(means)
    families = random.multinomial(blocks.count, np.full(blocks.count, 1 / blocks.count), size=replicates)
    sums = (np.einsum("rf,frl->rl", families, values) for values in (_fast_ranks(scores), scores))
    ranks, averages = (settled(total / blocks.count) for total in sums)
    return ranks, averages


def _fast_ranks(scores: Floats) -> Floats:
    """As `block_ranks` by one sort, where no two scores of a block are equal: several times faster."""
    order = np.argsort(-scores, axis=-1)
    ordered = np.take_along_axis(scores, order, -1)
    if (ordered[..., 1:] == ordered[..., :-1]).any():
        return block_ranks(scores)
    ranks = np.empty(scores.shape)
    places = np.broadcast_to(np.arange(1.0, scores.shape[-1] + 1), scores.shape)
    np.put_along_axis(ranks, order, places, -1)
    return ranks
