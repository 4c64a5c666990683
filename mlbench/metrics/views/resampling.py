"""Bootstrap replicates of a split, seen as weights: how often each replicate draws each sample.

Every count in a metric becomes a weighted count, for all replicates at once; no sample is copied, and each
label is sorted once. The metrics are the same objects that measure the split itself: what they are given here
returns [R] where a split has a scalar, and [R, L] where it has [L].
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mlbench.metrics.scored import Scored
from mlbench.metrics.sorting import PositiveRanks, rank_columns
from mlbench.metrics.views.decisions import Counts, Decisions, Rule
from mlbench.metrics.views.orders import LabelOrder, Orders

CHUNK = 1 << 19
"""Entries whose order is held at once, and sums over replicates."""


def draw_weights(samples: int, replicates: int) -> Tensor:
    """How often each replicate draws each sample, `samples` draws with replacement; float32 [R, N].

    They depend on these two numbers alone, so that replicate r of two losses on one split is the same, and
    the difference of two losses is a paired one. They come from raw bits of PCG64, whose stream NumPy
    promises never to change: cells scored years apart still pair.
    """
    bits = np.random.PCG64(samples).random_raw(replicates * samples) >> np.uint64(32)
    drawn = ((bits * np.uint64(samples)) >> np.uint64(32)).astype(np.int64).reshape(replicates, samples)
    flat = (drawn + np.arange(replicates)[:, None] * samples).ravel()
    counts = np.bincount(flat, minlength=replicates * samples).astype(np.float32)
    return torch.from_numpy(counts.reshape(replicates, samples))


class Resamples:
    """R replicates of a split, by their `weights` [R, N]; counts are exact below 2^24 samples."""

    def __init__(self, scored: Scored, weights: Tensor) -> None:
        self.scored, self.weights = scored, weights

    def mean(self, values: Tensor, chosen: Tensor) -> Tensor:
        """The mean of `values` [N] over the `chosen` samples; [R]."""
        return (self.weights @ values.where(chosen, 0.0).float()) / (self.weights @ chosen.float())

    @cached_property
    def label_positives(self) -> Tensor:
        return (self.weights @ self.scored.positive.float()).double()

    @cached_property
    def label_scored(self) -> Tensor:
        if not self.scored.has_unscored:
            return torch.full_like(self.label_positives, self.scored.logits.shape[0])
        return (self.weights @ (self.scored.scores > -torch.inf).float()).double()

    @cached_property
    def label_order(self) -> LabelOrder:
        return ResampledLabelOrder(self)


class ResampledOrders(Orders):
    """The order of the scores in each replicate: a sample's own ranking stays, its weight changes."""

    def __init__(self, resamples: Resamples) -> None:
        super().__init__(resamples.scored)
        self.resamples = resamples

    @property
    def by_label(self) -> LabelOrder:
        return self.resamples.label_order

    def _mean(self, values: Tensor, chosen: Tensor) -> Tensor:
        return self.resamples.mean(values, chosen)


class ResampledDecisions(Decisions):
    """The decisions in each replicate: `labels` are counts [R, L], `samples` those of the split [N]."""

    def __init__(self, resamples: Resamples, rule: Rule) -> None:
        super().__init__(resamples.scored, rule)
        self.resamples = resamples

    @cached_property
    def labels(self) -> Counts:
        resamples, start = self.resamples, 0
        true_positives = torch.zeros_like(resamples.label_positives)
        predicted_entries = torch.zeros_like(true_positives)
        for predicted, positive in self.predictions():
            weights = resamples.weights[:, start : start + len(predicted)]
            start += len(predicted)
            true_positives += weights @ (predicted & positive).float()
            predicted_entries += weights @ predicted.float()
        return Counts(true_positives, predicted_entries, resamples.label_positives, resamples.label_scored)

    def mean_over_samples(self, values: Tensor) -> Tensor:
        return self.resamples.mean(values, self.samples.scored > 0)


class ResampledLabelOrder:
    """Every label's ranking of the samples in each replicate: average precision and AUROC, [R, L]."""

    def __init__(self, resamples: Resamples) -> None:
        self.resamples = resamples
        scored, by_sample = resamples.scored, resamples.weights.T.contiguous()
        parts = []
        for chosen in _label_chunks(scored, len(resamples.weights)):
            ranks = rank_columns(
                scored.scores[:, chosen], scored.positive[:, chosen], scored.label_scored[chosen]
            )
            order = scored.scores[:, chosen].T.argsort(dim=1, descending=True)
            parts.append(_weighted_sums(ranks, order, by_sample))
        precision, wrong = (torch.cat(rows).T for rows in zip(*parts, strict=True))
        self._precision, self._wrong = precision, wrong

    def average_precision(self) -> Tensor:
        return self._precision / self.resamples.label_positives

    def area_under_roc(self) -> Tensor:
        positives = self.resamples.label_positives
        return 1 - self._wrong / (2 * positives * (self.resamples.label_scored - positives))


def _label_chunks(scored: Scored, replicates: int) -> list[slice]:
    """The labels in runs that keep to CHUNK entries and to CHUNK sums at positives; at least one label each. On a GPU
    runs are longer: at each the host waits a few times for numbers of positives."""
    chunks, start, sums = [], 0, 0.0
    samples = scored.scores.shape[0]
    most = CHUNK if scored.scores.device.type == "cpu" else 16 * CHUNK
    for label, positives in enumerate(scored.label_positives.tolist()):
        sums += positives * replicates
        if label > start and (sums > most or (label + 1 - start) * samples > most):
            chunks.append(slice(start, label))
            start, sums = label, positives * replicates
    return [*chunks, slice(start, scored.scores.shape[1])]


def _weighted_sums(ranks: PositiveRanks, order: Tensor, by_sample: Tensor) -> tuple[Tensor, Tensor]:
    """Sums over each label's positives [C, R]: of the precision there, and of twice the negatives before it.

    `order` [C, N] are the samples of each label, best first; `by_sample` [N, R] the weights. Between two
    neighbouring groups of equal score that hold a positive lies a bag of samples; the weights of a bag are
    summed at once, and the sums of bags are added up along each label.
    """
    first = torch.ones_like(ranks.list, dtype=torch.bool)
    first[1:] = (ranks.list[1:] != ranks.list[:-1]) | (ranks.level[1:] != ranks.level[:-1])
    start = first.nonzero().squeeze(1)
    owner, above, level = ranks.list[start], ranks.above[start].long(), ranks.level[start].long()
    positives = _bags(ranks.item, start, by_sample)
    deepest = torch.zeros(len(order), dtype=torch.int64, device=order.device)
    deepest.scatter_reduce_(0, owner, level, "amax")
    place = torch.arange(order.shape[1], device=order.device)
    samples = order[place < deepest[:, None]]
    begin = deepest.cumsum(0) - deepest
    before = torch.zeros_like(level)
    before[1:] = level[:-1].where(owner[1:] == owner[:-1], 0)
    edges = torch.stack((before, above), dim=1) + begin[owner][:, None]
    bags = _bags(samples, edges.flatten(), by_sample).view(len(start), 2, by_sample.shape[1])
    skipped, tied = bags[:, 0], bags[:, 1]
    level_sum = _running(skipped + tied, owner, len(order))
    level_positives = _running(positives, owner, len(order))
    precision = (positives * level_positives).double() / level_sum.clamp(min=1)
    negatives_level = level_sum - level_positives
    wrong = (positives * (2 * negatives_level - (tied - positives))).double()
    empty = torch.zeros((len(order), by_sample.shape[1]), dtype=torch.float64, device=order.device)
    return empty.index_add(0, owner, precision), empty.index_add(0, owner, wrong)


def _bags(items: Tensor, starts: Tensor, by_sample: Tensor) -> Tensor:
    """The weights [N, R] of the items of each bag, added up; int64 [bags, R], so that sums are exact."""
    if not len(starts):
        return torch.zeros((0, by_sample.shape[1]), dtype=torch.int64, device=by_sample.device)
    return functional.embedding_bag(items, by_sample, starts, mode="sum").long()


def _running(values: Tensor, owner: Tensor, lists: int) -> Tensor:
    """The running sum of `values` [G, R] within each list; the groups are ordered by list."""
    total = torch.zeros((lists, values.shape[1]), dtype=values.dtype, device=values.device)
    total.index_add_(0, owner, values)
    return values.cumsum(0) - (total.cumsum(0) - total)[owner]
