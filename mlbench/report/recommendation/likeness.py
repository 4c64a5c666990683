"""How alike two datasets are, by what their cards say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlbench import datasets
from mlbench.datasets.places import given_path
from mlbench.errors import UnknownNameError
from mlbench.registry import DATASETS
from mlbench.report.data.grid import Grid
from mlbench.report.data.traits import Traits, traits_of_task

OTHER_MODALITY = 1.0
"""What text against image adds to the distance: as much as ten times the labels."""


def distance(one: Traits, other: Traits) -> float:
    """The mean of |log10| of the ratios that both know, plus OTHER_MODALITY where the modality differs."""
    pairs = zip(one.numbers.values(), other.numbers.values(), strict=True)
    steps = [abs(math.log10(a / b)) for a, b in pairs if a > 0 and b > 0]
    apart = sum(steps) / len(steps) if steps else 1.0
    return apart + (OTHER_MODALITY if one.modality != other.modality else 0.0)


def find_traits(
    like: str, grid: Grid, parameters: Mapping[str, Any] | None = None, data_root: Path | None = None
) -> Traits:
    """Of a dataset by name (from the records, else its card) or of a user's own data by its path.

    Raises UnknownNameError for a name that is neither, ConfigError for a path that is not there, DataError for
    data that cannot be read.
    """
    for task in grid.tasks:
        if like in (task.name, task.dataset):
            return traits_of_task(task)
    path = given_path(like)
    if path is not None:
        own = datasets.load(
            "own", {"path": str(path), **(parameters or {})}, name=path.stem, data_root=data_root
        )
        counts = own.label_counts["train"]
        seen = counts[counts > 0]
        imbalance = float(seen.max() / seen.min()) if len(seen) else math.nan
        return Traits(own.name, own.modality, len(own.labels), own.cardinality, imbalance, own.sizes["train"])
    if like not in DATASETS:
        known = dict.fromkeys([*DATASETS.names(), *grid.task_names])
        raise UnknownNameError("dataset", like, known, where="--like")
    card = datasets.card(like, parameters)
    return Traits(
        card.name,
        card.modality,
        float(card.labels or math.nan),
        float(card.cardinality or math.nan),
        math.nan,
        float(card.sizes.get("train", math.nan)),
    )
