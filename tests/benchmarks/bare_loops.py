"""Training loops as one writes them by hand: the same networks, batches and updates, no logging, no metrics.

Each gives a function that trains for some epochs and returns the samples that it saw a second. Nothing of
mlbench's training is used; the networks are those of its encoders.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mlbench.datasets import Dataset
from mlbench.models.base import Fitted, Trunk
from mlbench.models.normalised_sgd import NormalisedSGD
from mlbench.models.tfidf import fit_tfidf

Collate = Callable[[Tensor], tuple[Tensor, ...]]


def dense(values: Tensor) -> Collate:
    """Rows of one resident tensor."""
    return lambda rows: (values[rows],)


def padded(texts: list[list[int]]) -> Collate:
    """Token ids and mask, padded to the longest of the batch."""

    def collate(rows: Tensor) -> tuple[Tensor, ...]:
        chosen = [texts[row] for row in rows.tolist()]
        ids = nn.utils.rnn.pad_sequence([torch.tensor(ids) for ids in chosen], batch_first=True)
        lengths = torch.tensor([len(ids) for ids in chosen])
        return ids, torch.arange(ids.shape[1]) < lengths[:, None]

    return collate


def bags(matrix: Any) -> Collate:
    """Words, weights and offsets of the rows of a sparse matrix."""

    def collate(rows: Tensor) -> tuple[Tensor, ...]:
        some = matrix[rows.numpy()]
        words = torch.from_numpy(some.indices.astype(np.int64))
        return words, torch.from_numpy(some.data), torch.from_numpy(some.indptr[:-1].astype(np.int64))

    return collate


def tfidf_bags(dataset: Dataset, rows: Any, cache: Any) -> Collate:
    """Those of the `bag` encoder's words."""
    return bags(fit_tfidf(dataset, rows, cache, min_count=3)[0][0])


def train(
    fitted: Fitted,
    targets: Tensor,
    collate: Collate,
    *,
    batch_size: int,
    epochs: int,
    rates: tuple[float, float],
) -> float:
    """Binary cross-entropy, summed over labels: samples a second. `rates` are the trunk's and the head's."""
    torch.manual_seed(0)
    trunk: Trunk = fitted.build()
    head = nn.Linear(trunk.dim, targets.shape[1])
    wanted = targets.float()
    optimisers: list[torch.optim.Optimizer] = []
    parameters = list(trunk.parameters())
    if isinstance(own := trunk.own_optimiser(), NormalisedSGD):
        optimisers.append(own)
        taken = {id(parameter) for group in own.param_groups for parameter in group["params"]}
        parameters = [parameter for parameter in parameters if id(parameter) not in taken]
    groups = [{"params": parameters, "lr": rates[0]}, {"params": list(head.parameters()), "lr": rates[1]}]
    optimisers.append(torch.optim.AdamW([group for group in groups if group["params"]], fused=True))
    peaks = [[group["lr"] for group in optimiser.param_groups] for optimiser in optimisers]
    trunk.train()
    rows = len(wanted)
    steps = epochs * math.ceil(rows / batch_size)
    step = 0
    started = time.perf_counter()
    for _ in range(epochs):
        for chosen in torch.randperm(rows).tensor_split(math.ceil(rows / batch_size)):
            factor = 0.5 * (1 + math.cos(math.pi * step / steps))
            for optimiser, peak in zip(optimisers, peaks, strict=True):
                for group, rate in zip(optimiser.param_groups, peak, strict=True):
                    group["lr"] = rate * factor
            logits = head(trunk(collate(chosen)))
            loss = functional.binary_cross_entropy_with_logits(logits, wanted[chosen], reduction="sum")
            (loss / len(chosen)).backward()
            for optimiser in optimisers:
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
            step += 1
    return rows * epochs / (time.perf_counter() - started)
