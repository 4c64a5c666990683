"""Where the positives of ranked lists stand: the one sort that all ranking metrics and thresholds share.

A label's samples, a sample's labels and all entries of a split at once are each a list of scored items.
Average precision, AUROC, LRAP, ranking loss, coverage, P@k, nDCG and the best threshold all follow from two
numbers of each positive: how many items of its list score higher, and how many at least as high. So a list
is sorted by value alone (no indices travel along, which is several times faster) and only the positives, few
in multi-label data, are looked up in it. Items of equal score form a group that is entered as a whole.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

RUN = 1 << 21
"""One list of more items than this is sorted as several runs, which the threads share."""
DEVICE_CHUNK = 1 << 25
"""Entries that a GPU sorts at once."""


@dataclass(frozen=True, eq=False)
class PositiveRanks:
    """The P positives of C lists, ordered by list and by falling score; all counts are float64.

    - `list` [P] int64: the list that each stands in.
    - `item` [P] int64: which item of that list it is.
    - `score` [P]: its score.
    - `above` [P]: the items of its list with a higher score.
    - `level` [P]: those with at least its score.
    - `positives_above` [P]: the positives among those above.
    - `positives_level` [P]: the positives among those level.
    - `below` [P]: the next lower score of its list, -inf where there is none.
    - `scored` [C]: the items of each list that are scored.
    - `positives` [C]: the positives of each list.
    """

    list: Tensor
    item: Tensor
    score: Tensor
    above: Tensor
    level: Tensor
    positives_above: Tensor
    positives_level: Tensor
    below: Tensor
    scored: Tensor
    positives: Tensor

    def first(self) -> Tensor:
        """Where the positives of each list begin; int64 [C]."""
        return first_positive(self.positives)

    def sum(self, values: Tensor) -> Tensor:
        """The sum over each list of a number that each of its positives has; [P] -> [C]."""
        return torch.zeros_like(self.positives).index_add_(0, self.list, values)

    def average_precision(self) -> Tensor:
        """Mean over a list's positives of the precision at its score; NaN for a list without positives."""
        return self.sum(self.positives_level / self.level) / self.positives

    def area_under_roc(self) -> Tensor:
        """The share of (positive, negative) pairs in the right order, ties half; NaN without a pair."""
        above = self.above - self.positives_above
        level = self.level - self.positives_level
        negatives = self.scored - self.positives
        return 1 - self.sum(above + level) / (2 * self.positives * negatives)


def first_positive(positives: Tensor) -> Tensor:
    """Where each list's positives begin among all; in integers, since CUDA adds floats up in any order."""
    counts = positives.long()
    return counts.cumsum(0) - counts


def rank_rows(scores: Tensor, positive: Tensor, scored: Tensor) -> PositiveRanks:
    """The ranks of the rows of `scores` [C, M], each row a list; -inf marks an item that is not scored."""
    index = positive.reshape(-1).nonzero().squeeze(1)
    ordered = scores.clone(memory_format=torch.contiguous_format)
    width = ordered.shape[1]
    index, value = _order(index // width, index, ordered.view(-1)[index])
    owner = index // width
    _sort_rows(ordered)
    lower, not_higher = _count_lower(ordered, owner, value)
    below = _before(ordered.view(-1), owner * width, owner * width + lower)
    return _ranks(
        owner=owner,
        item=index % width,
        value=value,
        above=width - not_higher,
        level=width - lower,
        below=below,
        scored=scored,
    )


def rank_columns(scores: Tensor, positive: Tensor, scored: Tensor) -> PositiveRanks:
    """The ranks of the columns of `scores` [M, C]."""
    return rank_rows(scores.T, positive.T, scored)


def rank_pooled(scores: Tensor, positive: Tensor, scored: Tensor) -> PositiveRanks:
    """The ranks of all entries of `scores` as one list; `scored` is a scalar."""
    flat = scores.reshape(-1)
    index = positive.reshape(-1).nonzero().squeeze(1)
    index, value = _order(torch.zeros_like(index), index, flat[index])
    above, level = torch.zeros_like(index), torch.zeros_like(index)
    below = torch.full_like(value, -torch.inf)
    runs = -(-flat.numel() // RUN)
    for run in _sort_runs(flat.clone(), runs):
        lower = torch.searchsorted(run, value)
        level += run.numel() - lower
        above += run.numel() - torch.searchsorted(run, value, right=True)
        below = torch.maximum(below, _before(run, torch.zeros_like(lower), lower))
    return _ranks(
        owner=torch.zeros_like(index),
        item=index,
        value=value,
        above=above,
        level=level,
        below=below,
        scored=scored.reshape(1),
    )


def _ranks(
    owner: Tensor, item: Tensor, value: Tensor, above: Tensor, level: Tensor, below: Tensor, scored: Tensor
) -> PositiveRanks:
    """Counts the positives of each tie group, given positives in order."""
    positives = torch.zeros_like(scored).index_add_(0, owner, torch.ones_like(owner, dtype=scored.dtype))
    new = torch.ones_like(owner, dtype=torch.bool)
    new[1:] = (owner[1:] != owner[:-1]) | (value[1:] != value[:-1])
    group = new.cumsum(0) - 1
    size = torch.zeros_like(group).index_add_(0, group, torch.ones_like(group))
    end = size.cumsum(0)
    positives_level = (end[group] - first_positive(positives)[owner]).double()
    return PositiveRanks(
        list=owner,
        item=item,
        score=value,
        above=above.double(),
        level=level.double(),
        positives_above=positives_level - size[group],
        positives_level=positives_level,
        below=below,
        scored=scored,
        positives=positives,
    )


def _order(owner: Tensor, index: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """The positives by list and by falling score: the bits of both make one integer that is sorted."""
    bits = value.view(torch.int32).long()
    rising = torch.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    order = ((owner << 32) - rising).sort().indices
    return index[order], value[order]


def _count_lower(ordered: Tensor, owner: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """How many items of row `owner` are below `value`, and how many not above it; by bisection."""
    flat, width = ordered.view(-1), ordered.shape[1]
    upper = torch.nextafter(value, torch.full_like(value, torch.inf))
    wanted = torch.cat((value, upper))
    first = torch.cat((owner, owner)) * width
    count = torch.zeros_like(first)
    for power in reversed(range(width.bit_length())):
        probe = count + (1 << power)
        item = flat[first + probe.clamp(max=width) - 1]
        count = torch.where((probe <= width) & (item < wanted), probe, count)
    lower, not_higher = count.chunk(2)
    return lower, not_higher


def _before(flat: Tensor, first: Tensor, end: Tensor) -> Tensor:
    """The item just before `end`, -inf where that is before `first`."""
    return torch.where(end > first, flat[(end - 1).clamp(min=0)], -torch.inf)


def _sort_runs(flat: Tensor, runs: int) -> list[Tensor]:
    """`flat` cut into runs, each sorted; overwrites it."""
    width = -(-flat.numel() // runs)
    whole = flat.numel() // width
    _sort_rows(flat[: whole * width].view(whole, width))
    rest = flat[whole * width :]
    return [*flat[: whole * width].view(whole, width)] + ([_sort_rows(rest[None])[0]] if len(rest) else [])


def _sort_rows(rows: Tensor) -> Tensor:
    """Sorts each row upwards, in index. NumPy sorts values alone with vector instructions; torch does not."""
    if not rows.is_cpu:
        return _sort_rows_on_device(rows)
    threads = min(torch.get_num_threads(), rows.shape[0])
    if threads == 1 or rows.numel() < 1 << 18:
        rows.numpy().sort(axis=1)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda chunk: chunk.numpy().sort(axis=1), rows.chunk(4 * threads)))
    return rows


def _sort_rows_on_device(rows: Tensor) -> Tensor:
    """Some rows at a time, because torch's sort makes the indices too."""
    for chunk in torch.split(rows, max(1, DEVICE_CHUNK // rows.shape[1])):
        chunk.copy_(chunk.sort(dim=1).values)
    return rows
