"""What is wrong with a suite's encoders, columns and precision, said before anything is trained; loads no torch and
reads no data but the headers of tables."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mlbench import datasets
from mlbench.declarations import Declaration
from mlbench.errors import ConfigError, DataError
from mlbench.registry import ENCODERS
from mlbench.runner.scheduling.devices import chosen
from mlbench.suite import Cell


def check_encoders(cells: Iterable[Cell]) -> None:
    """Raise ConfigError for an encoder that does not read what its dataset holds, or whose own `precheck` says
    that its options cannot work. Each dataset of a suite is looked at once."""
    for cell in {(cell.suite, cell.dataset): cell for cell in cells}.values():
        where = f"suite {cell.suite!r}, dataset {cell.dataset!r}"
        encoder = ENCODERS.describe(cell.encoder.partition(":")[0], where)
        reads = encoder.attributes.get("modalities")
        holds = datasets.modality(cell.loader, cell.dataset_parameters)
        if reads and holds and holds not in reads:
            raise ConfigError(
                f"{where}: it holds {holds}, but encoder {cell.encoder!r} reads {' and '.join(sorted(reads))}"
            )
        _precheck(encoder, cell.encoder_options, where)


def check_data(cells: Iterable[Cell], data_root: Path | None) -> None:
    """Raise ConfigError for a column that a suite names and its file lacks. Data that are not here, or cannot be
    read, are no reason to refuse the rest."""
    for cell in {(cell.suite, cell.dataset): cell for cell in cells}.values():
        try:
            datasets.check(cell.loader, cell.dataset_parameters, data_root=data_root)
        except DataError as error:
            raise ConfigError(f"suite {cell.suite!r}, dataset {cell.dataset!r}: {error}") from None


def check_precision(cells: Iterable[Cell], device: str) -> None:
    """Raise ConfigError for a precision that none of this host's devices has, where cells run on `device`."""
    for cell in cells:
        if cell.train.precision == "fp16" and not chosen(device):
            raise ConfigError(
                f"suite {cell.suite!r}, dataset {cell.dataset!r}, train.precision = 'fp16': it needs a CUDA device, "
                f"and --device {device} means the CPU here; use 'bf16' or 'float32'"
            )


def _precheck(encoder: Declaration, options: Mapping[str, Any], where: str) -> None:
    module, _, function = encoder.attributes.get("precheck", "").partition(":")
    if not module:
        return
    try:
        getattr(importlib.import_module(module), function)(options)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
