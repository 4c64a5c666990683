"""Which training rows a cell sees: nested stratified samples of the training split."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mlbench.datasets.base import Dataset
from mlbench.datasets.splits.stratify import stratified_order
from mlbench.errors import ConfigError


def draw_rows(dataset: Dataset, fraction: float | int, seed: int) -> npt.NDArray[np.int64]:
    """The sorted training rows of `fraction`: a share in (0, 1], or a whole number > 1 of rows.

    They depend on (dataset, fraction, seed) alone, and a smaller sample of the same seed lies inside a larger
    one. Raises ConfigError for a fraction that cannot be drawn.
    """
    size = sample_size(len(dataset.train), fraction, dataset.name)
    if size == len(dataset.train):
        return np.arange(size)
    return np.sort(_order_of(_Identity(dataset), seed)[:size])


def sample_size(available: int, fraction: float | int, name: str) -> int:
    """How many rows `fraction` of `available` rows is; at least 1."""
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not fraction > 0:
        raise ConfigError(f"fraction {fraction!r} must be a share in (0, 1] or a whole number of rows > 1")
    if fraction <= 1:
        return max(1, round(fraction * available))
    if fraction != int(fraction):
        raise ConfigError(f"fraction {fraction!r} is above 1, so it must be a whole number of rows")
    if fraction > available:
        raise ConfigError(
            f"fraction {fraction} asks for more rows than the {available} that {name} trains on"
        )
    return int(fraction)


class _Identity:
    """A dataset as a key: two are the same if they are the same object."""

    def __init__(self, dataset: Dataset) -> None:
        self.targets = dataset.train.targets

    def __hash__(self) -> int:
        return id(self.targets)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.targets is other.targets


@lru_cache(maxsize=4)
def _order_of(key: _Identity, seed: int) -> npt.NDArray[np.int64]:
    return stratified_order(key.targets, seed)
