"""The frequency buckets of the labels: head, medium, tail and unseen."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlbench.metrics.scored import as_tensor

BUCKETS = ("head", "medium", "tail", "unseen")
MIN_LABELS = 9
"""With fewer labels there is no head, medium and tail."""


def frequency_buckets(train_counts: Any = None, seen_counts: Any = None) -> dict[str, Tensor]:
    """Which labels are in which bucket, bool [L] each, on the CPU.

    head, medium and tail are thirds of the labels by their count in the full training split (`train_counts`
    [L]; equal counts by the order of the labels, the first thirds one larger where L does not divide), so
    that a bucket is the same for every fraction. `unseen` are the labels without a positive among the cell's
    own training rows (`seen_counts` [L]). A bucket without labels, or whose counts are None, is left out.
    """
    buckets = {}
    if train_counts is not None:
        counts = as_tensor(train_counts).cpu()
        if len(counts) >= MIN_LABELS:
            order = torch.argsort(counts, descending=True, stable=True)
            for name, part in zip(BUCKETS, order.tensor_split(3), strict=False):
                buckets[name] = torch.zeros_like(counts, dtype=torch.bool).index_fill_(0, part, True)
    if seen_counts is not None:
        unseen = as_tensor(seen_counts).cpu() == 0
        if unseen.any():
            buckets["unseen"] = unseen
    return buckets
