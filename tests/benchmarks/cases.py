"""The trainings that are raced: a cell, and what a loop by hand needs to do the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from mlbench import datasets
from mlbench.datasets import Dataset, draw_rows
from mlbench.models.base import Backbone, Fitted
from mlbench.suite import Cell, parse_suite
from mlbench.training.setup import build_encoder
from mlbench.training.streams import Streams
from tests.benchmarks import bare_loops

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """A cell, and the loop by hand of the same training. `parameters` are the dataset's."""

    dataset: str
    encoder: dict[str, Any]
    epochs: int
    fraction: float = 1.0
    batch_size: int = 64
    train: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def cell(self) -> Cell:
        encoder = ", ".join(f"{key} = {json.dumps(value)}" for key, value in self.encoder.items())
        parameters = "\n".join(f"{key} = {json.dumps(value)}" for key, value in self.parameters.items())
        text = f"""
            name = "race"
            seeds = [0]
            fractions = [{self.fraction}]
            losses = ["bce"]
            [[datasets]]
            name = "{self.dataset}"
            encoder = {{ {encoder} }}
            {parameters}
        """
        # The loop by hand starts from a plain linear layer.
        train = {
            "min_steps": 0,
            "select": "last",
            "probe": "needed",
            "epochs": self.epochs,
            "head_bias": "zero",
        }
        train |= {"batch_size": self.batch_size, "encoder_lr": 1e-3, "head_lr": 1e-3, **self.train}
        (cell,) = parse_suite(text, "race", {f"train.{key}": value for key, value in train.items()}).cells()
        return cell

    def load(self) -> Dataset:
        return datasets.load(self.dataset, self.parameters)

    def with_model(self, folder: Path) -> Case:
        """The same with the model of a folder, where the encoder leaves that open."""
        if self.encoder["name"] != "hf:":
            return self
        return replace(self, encoder={**self.encoder, "name": f"hf:{folder}"})


def prepared(case: Case, bert: Path, cache: Path) -> tuple[Cell, Dataset, Fitted, Rows]:
    cell, dataset = case.with_model(bert).cell(), case.load()
    rows = draw_rows(dataset, cell.fraction, cell.seed)
    return cell, dataset, build_encoder(cell).fit(dataset, rows, cache), rows


def collate_of(case: Case, dataset: Dataset, fitted: Fitted, rows: Rows, cache: Path) -> bare_loops.Collate:
    everything = torch.arange(len(rows))
    if case.encoder["name"] == "bag":
        return bare_loops.tfidf_bags(dataset, rows, cache)
    if case.encoder["name"] == "hf:":
        alone = [fitted.train.batch(row)[0][0].tolist() for row in everything.split(1)]
        return bare_loops.padded(alone)
    return bare_loops.dense(fitted.train.batch(everything)[0])


def start(cell: Cell, fitted: Fitted, labels: int) -> tuple[Backbone, nn.Linear]:
    """The network that the cell starts from: the same weights to the last bit."""
    streams = Streams(cell.seed)
    with streams.as_global("trunk"):
        backbone = fitted.build()
    with streams.as_global("heads"):
        return backbone, nn.Linear(backbone.dim, labels)
