"""How long a grid would take on a GPU before any record says so: by the samples that an encoder trains on a second.

The rates are of one NVIDIA H100 in bf16; what is measured there stands in results/benchmarks and results/gpu-real.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlbench import datasets
from mlbench.errors import MlbenchError
from mlbench.runner.planning.epochs import training_rows
from mlbench.suite import Cell


@dataclass(frozen=True)
class TrainingRate:
    """Of one encoder: `samples` a second, at inputs of `size` pixels a side, or tokens; `measured`, or estimated from
    the operations of one that was."""

    samples: float
    size: int
    pixels: bool
    measured: bool = False

    def at(self, size: int) -> float:
        """At inputs of another size."""
        return self.samples * (self.size / size) ** (2 if self.pixels else 1)


RATES = {
    "timm:resnet50": TrainingRate(2490, 224, pixels=True, measured=True),
    "timm:tf_efficientnet_lite0": TrainingRate(7060, 160, pixels=True, measured=True),
    "timm:tresnet_m": TrainingRate(1790, 224, pixels=True),
    "timm:tresnet_l": TrainingRate(235, 448, pixels=True),
    "hf:all-MiniLM-L6-v2": TrainingRate(14480, 128, pixels=False, measured=True),
    "hf:roberta-base": TrainingRate(1810, 128, pixels=False),
    "hf:xlm-roberta-base": TrainingRate(1810, 128, pixels=False),
}
FORWARD = 1 / 3
"""What it costs to predict a sample, of what it costs to train on it."""
UPDATE = 0.002
"""Seconds of an update where the vectors are there already, or the network is small."""
AROUND = 4.0
"""Seconds of a cell for the probe, the metrics and the record."""
SMALL = ("features", "bag", "lsa", "conv")
"""Encoders whose updates take UPDATE."""


@dataclass(frozen=True)
class GpuHours:
    """Of the cells that can be counted."""

    hours: float
    cells: int
    left_out: tuple[str, ...]
    """Datasets that no card gives a training split's size of, or whose encoder has no rate."""
    trained: int
    """Of how many a pretrained encoder is trained: without these nobody needs a GPU."""
    estimated: tuple[str, ...]
    """The encoders whose rates were not measured."""


def gpu_hours(cells: Iterable[Cell]) -> GpuHours:
    """Of cells that are to be trained, one after the other."""
    seconds, counted, trained = 0.0, 0, 0
    left_out: set[str] = set()
    estimated: set[str] = set()
    for alike in _alike(cells):
        cell = alike[0]
        took = _seconds(cell)
        if took is None:
            left_out.add(cell.dataset)
            continue
        seconds, counted = seconds + len(alike) * took, counted + len(alike)
        rate = RATES.get(cell.encoder)
        if rate is not None and not cell.encoder_options.get("frozen"):
            trained += len(alike)
            estimated |= set() if rate.measured else {cell.encoder}
    return GpuHours(seconds / 3600, counted, tuple(sorted(left_out)), trained, tuple(sorted(estimated)))


def _alike(cells: Iterable[Cell]) -> Iterable[Sequence[Cell]]:
    """Cells that take as long: they differ by loss and seed alone."""
    found: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cells:
        protocol = cell.train
        pace = protocol.epochs, protocol.min_steps, protocol.batch_size, protocol.views, protocol.evaluations
        options = json.dumps(dict(cell.encoder_options), sort_keys=True)
        place = cell.suite, cell.dataset, cell.fraction, cell.encoder, options
        found.setdefault((*place, *pace), []).append(cell)
    return found.values()


def _seconds(cell: Cell) -> float | None:
    """None where its encoder's rate, or the sizes of its dataset, are not known."""
    rate = RATES.get(cell.encoder)
    try:
        rows, sizes = training_rows(cell), datasets.card(cell.loader, cell.dataset_parameters).sizes
    except MlbenchError:
        return None
    if rows is None or (rate is None and cell.encoder not in SMALL):
        return None
    # A tenth of the training rows where the card names no validation split.
    validation = sizes.get("validation", sizes["train"] // 10)
    whole = rows + validation + sizes.get("test", 0)
    protocol = cell.train
    epochs = protocol.epochs_over(rows)
    if rate is None or cell.encoder_options.get("frozen"):
        updates = epochs * -(-rows // protocol.batch_size)
        encoded = 0.0 if rate is None else FORWARD * whole / _at(rate, cell)
        return AROUND + updates * UPDATE + encoded
    looked = protocol.evaluations * validation + whole
    return AROUND + (epochs * rows * protocol.views + FORWARD * looked) / _at(rate, cell)


def _at(rate: TrainingRate, cell: Cell) -> float:
    return rate.at(int(cell.encoder_options.get("size" if rate.pixels else "max_length") or rate.size))
