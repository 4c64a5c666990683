"""A pretrained encoder left as it is: every sample is encoded once, and an adapter is trained on the vectors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from mlbench.datasets import Dataset
from mlbench.datasets.cache import Cache
from mlbench.models.base import Fitted, Trunk
from mlbench.models.inputs import Inputs
from mlbench.models.vectors import fitted_vectors

BATCH = 64


def freeze(
    dataset: Dataset,
    rows: npt.NDArray[np.int64],
    cache: Path,
    settings: dict[str, Any],
    inputs: Callable[[str], Inputs],
    build: Callable[[], Trunk],
) -> Fitted:
    """The vectors of all splits, encoded once per (dataset, `settings`) and kept on disk.

    `inputs` prepares a split by name, `build` gives the pretrained trunk; neither is called where the cache
    holds the vectors. The mean and one common deviation of the cell's own rows standardise them.
    """
    trunk: list[Trunk] = []

    def encode(split: str) -> npt.NDArray[np.float32]:
        if not trunk:
            trunk.append(build().eval())
        return encode_all(trunk[0], inputs(split))

    kept = Cache(cache)
    arrays = {}
    for split in dataset.splits:
        key = {"vectors": settings, "split": split, "data": dataset.fingerprint}
        arrays[split] = kept.array(key, partial(encode, split))
    return fitted_vectors(arrays["train"][rows], arrays["validation"], arrays["test"], per_feature=False)


@torch.no_grad()
def encode_all(trunk: Trunk, inputs: Inputs) -> npt.NDArray[np.float32]:
    """The trunk's features of every sample, float32 [N, M], on a GPU where there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trunk.to(device)
    vectors = np.empty((len(inputs), trunk.dim), dtype=np.float32)
    for start in range(0, len(inputs), BATCH):
        chosen = torch.arange(start, min(start + BATCH, len(inputs)))
        batch = tuple(part.to(device, non_blocking=True) for part in inputs.batch(chosen))
        vectors[start : start + len(chosen)] = trunk(batch).float().cpu().numpy()
    return vectors
