"""A pretrained encoder left as it is: every sample is encoded once, and an adapter is trained on the vectors."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mlbench.datasets import Dataset
from mlbench.datasets.cache import Cache
from mlbench.errors import ConfigError
from mlbench.models.base import Backbone, Fitted
from mlbench.models.inputs import Inputs
from mlbench.models.prefetch import on_device
from mlbench.models.vectors import fitted_vectors

BATCH = 64
STORED = ("float32", "float16")
"""What vectors may be kept as."""


def freeze(
    dataset: Dataset,
    rows: npt.NDArray[np.int64],
    folder: Path,
    settings: dict[str, Any],
    inputs: Callable[[str], Inputs],
    build: Callable[[], Backbone],
    where: torch.device | str,
    stored: str = "float32",
) -> Fitted:
    """The vectors of all splits, encoded on the device `where` once per (dataset, `settings`, kind of device) and
    kept on disk as `stored`, from where all processes read them together.

    A GPU's vectors differ from a CPU's in their last bits, those of convolutions in more (TF32). So each kind of
    device has its own, and a cell's numbers do not hang on where another cell ran before; two kinds of GPU are one.
    `folder` is the cache's; `inputs` prepares a split by name, `build` gives the pretrained backbone; neither is
    called where the cache holds the vectors. The mean and one common deviation of the cell's own rows standardise them.
    """
    if stored not in STORED:
        raise ConfigError(f"vectors = {stored!r}: frozen vectors are kept as {' or '.join(STORED)}")

    @cache
    def backbone() -> Backbone:
        return build().eval()

    device = torch.device(where)
    # A CPU's go without a word, as those that were kept before devices were distinguished.
    there = {} if device.type == "cpu" else {"device": device.type}

    def encoded(split: str) -> npt.NDArray[Any]:
        return Cache(folder).filled(
            {"vectors": settings, "split": split, "data": dataset.fingerprint, "stored": stored, **there},
            lambda: (len(dataset.splits[split]), backbone().dim),
            stored,
            lambda out: encode_all(backbone(), inputs(split), out, device),
        )

    train, validation, test = (encoded(split) for split in dataset.splits)
    return fitted_vectors(train, validation, test, rows, per_feature=False)


@torch.no_grad()
def encode_all(backbone: Backbone, inputs: Inputs, out: npt.NDArray[Any], device: torch.device) -> None:
    """Write the backbone's features of every sample into `out` [N, M], a batch at a time, on `device`. Samples of
    like length go through together, where they have lengths. A batch's features are fetched from a GPU while it works
    on the next one."""
    backbone.to(device)
    lengths = inputs.lengths
    order = torch.arange(len(inputs)) if lengths is None else lengths.argsort(stable=True, descending=True)
    largest = np.finfo(out.dtype).max
    rows = order.split(BATCH)
    fetching: deque[tuple[Tensor, Tensor, torch.cuda.Event | None]] = deque()

    def fetch() -> None:
        some, features, ready = fetching.popleft()
        if ready is not None:
            ready.synchronize()
        out[some.numpy()] = features.numpy()

    for some, batch in zip(rows, on_device((inputs.batch(some) for some in rows), device), strict=True):
        features = backbone(batch).float().clamp(-largest, largest).to("cpu", non_blocking=True)
        ready = torch.cuda.Event() if device.type == "cuda" else None
        if ready is not None:
            ready.record(torch.cuda.current_stream(device))
        fetching.append((some, features, ready))
        if len(fetching) > 1:
            fetch()
    while fetching:
        fetch()
