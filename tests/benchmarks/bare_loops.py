"""Training loops as one writes them by hand: the same networks, batches and updates, no logging, no metrics.

Nothing of mlbench's training is used; the networks are those of its encoders.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mlbench.datasets import Dataset
from mlbench.models.base import Backbone
from mlbench.models.encoders.normalised_sgd import NormalisedSGD
from mlbench.models.encoders.tfidf import fit_tfidf
from tests.benchmarks.device import synchronise

Collate = Callable[[Tensor], tuple[Tensor, ...]]
CPU = torch.device("cpu")


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


@dataclass(frozen=True)
class Trained:
    """How fast a loop went, and each epoch's mean loss."""

    samples_per_second: float
    losses: list[float]


def train(
    backbone: Backbone,
    head: nn.Linear,
    targets: Tensor,
    collate: Collate,
    *,
    batch_size: int,
    epochs: int,
    rates: tuple[float, float],
    device: torch.device = CPU,
    precision: str = "float32",
) -> Trained:
    """Binary cross-entropy, summed over labels. `rates` are the backbone's and the head's. Batches are gathered on the
    host; for a GPU they are pinned and copied while it works on those before them."""
    torch.manual_seed(0)
    backbone.to(device)
    head.to(device)
    wanted = targets.float()
    optimisers: list[torch.optim.Optimizer] = []
    parameters = list(backbone.parameters())
    if isinstance(own := backbone.own_optimiser(), NormalisedSGD):
        optimisers.append(own)
        taken = {id(parameter) for group in own.param_groups for parameter in group["params"]}
        parameters = [parameter for parameter in parameters if id(parameter) not in taken]
    groups = [{"params": parameters, "lr": rates[0]}, {"params": list(head.parameters()), "lr": rates[1]}]
    optimisers.append(torch.optim.AdamW([group for group in groups if group["params"]], fused=True))
    peaks = [[group["lr"] for group in optimiser.param_groups] for optimiser in optimisers]
    scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")
    backbone.train()
    rows = len(wanted)
    count = math.ceil(rows / batch_size)
    losses: list[list[Tensor]] = []
    synchronise()
    started = time.perf_counter()
    for epoch in range(epochs):
        losses.append([])
        for place, chosen in enumerate(torch.randperm(rows).tensor_split(count)):
            factor = 0.5 * (1 + math.cos(math.pi * (epoch * count + place) / (epochs * count)))
            for optimiser, peak in zip(optimisers, peaks, strict=True):
                for group, rate in zip(optimiser.param_groups, peak, strict=True):
                    group["lr"] = rate * factor
            *batch, aims = (there(part, device) for part in (*collate(chosen), wanted[chosen]))
            with autocast(device, precision):
                logits = head(backbone(tuple(batch)))
            loss = functional.binary_cross_entropy_with_logits(logits.float(), aims, reduction="sum")
            loss = loss / len(chosen)
            scaler.scale(loss).backward()
            for optimiser in optimisers:
                scaler.step(optimiser)
                optimiser.zero_grad(set_to_none=True)
            scaler.update()
            losses[-1].append(loss.detach())
    synchronise()
    seconds = time.perf_counter() - started
    return Trained(rows * epochs / seconds, [float(torch.stack(epoch).mean()) for epoch in losses])


def there(part: Tensor, device: torch.device) -> Tensor:
    return part if device.type == "cpu" else part.pin_memory().to(device, non_blocking=True)


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager[object]:
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype={"bf16": torch.bfloat16, "fp16": torch.float16}[precision])
