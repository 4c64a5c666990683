"""Fitting an encoder to a cell's rows, once for all the cells that share them."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from mlbench.datasets import Dataset
from mlbench.datasets.places import cache_root
from mlbench.errors import ConfigError
from mlbench.models.base import Encoder, Fitted
from mlbench.models.rows import rows_digest
from mlbench.registry import ENCODERS
from mlbench.suite import Cell

CPU = torch.device("cpu")
KEPT = 2
"""Fitted encoders that a process keeps: all losses of one (dataset, fraction, seed) run one after the other."""

_fitted: OrderedDict[tuple[str, ...], Fitted] = OrderedDict()


def build_encoder(cell: Cell) -> Encoder:
    """The cell's encoder, from its options."""
    kind = cell.encoder.partition(":")[0]
    encoder: Encoder = ENCODERS.build(kind, **cell.encoder_options)
    return encoder


def fit_encoder(
    cell: Cell,
    dataset: Dataset,
    rows: npt.NDArray[np.int64],
    cache: Path | None,
    device: torch.device = CPU,
) -> Fitted:
    """The encoder fitted to the training rows `rows`, on `device` where it computes much; from memory where the
    last cells had the same.

    Raises ConfigError where the encoder does not read what the dataset holds.
    """
    encoder = build_encoder(cell)
    encoder.device = device
    if dataset.modality not in encoder.modalities:
        reads = " and ".join(sorted(encoder.modalities))
        raise ConfigError(
            f"dataset {cell.dataset!r} holds {dataset.modality}, but encoder {cell.encoder!r} reads {reads}"
        )
    if not dataset.fingerprint:
        # Nothing says what these data are, so nothing of them can be kept; what is mapped stays readable.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            return encoder.fit(dataset, rows, Path(folder))
    options = repr(sorted(cell.encoder_options.items()))
    key = (dataset.fingerprint, rows_digest(rows), cell.encoder, options, device.type)
    if key not in _fitted:
        _fitted[key] = encoder.fit(dataset, rows, cache or cache_root() / "encoders")
        while len(_fitted) > KEPT:
            _fitted.popitem(last=False)
    _fitted.move_to_end(key)
    return _fitted[key]
