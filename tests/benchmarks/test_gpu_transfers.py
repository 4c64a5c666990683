"""Features of whole splits on a GPU: batches that are pinned and sent ahead, beside batches sent from pageable memory.

    pytest tests/benchmarks -s -m gpu

Both must give the same features to the last bit before they are timed.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from mlbench.models.model import Model
from mlbench.training.precision import autocast
from mlbench.training.scoring.measure import GroundTruth
from mlbench.training.scoring.scorer import predict_features
from mlbench.training.setup import build_loss
from mlbench.training.streams import Streams
from tests.benchmarks.device import DEVICE, long_seconds
from tests.benchmarks.figures import Figures
from tests.benchmarks.gpu_cases import CASES, Race

pytestmark = [pytest.mark.gpu, pytest.mark.slow]

BATCH = 128


@torch.no_grad()
def from_pageable(model: Model, race: Race) -> Tensor:
    """The plain way, in the order that `predict_features` takes."""
    inputs = race.fitted.train
    lengths = inputs.lengths
    rows = torch.arange(len(inputs)) if lengths is None else lengths.argsort(stable=True, descending=True)
    found = []
    for some in rows.split(BATCH):
        batch = tuple(part.to(DEVICE) for part in inputs.batch(some))
        with autocast("bf16", DEVICE):
            found.append(model.features(batch).float())
    return torch.cat(found)[rows.argsort().to(DEVICE)]


@pytest.mark.parametrize("name", CASES)
def test_features_of_a_split(name: str, bert: Path, cache: Path, figures: Figures) -> None:
    race = Race(CASES[name], "bf16", bert, cache)
    stats = GroundTruth.of(race.dataset, race.dataset.train.targets[race.rows]).stats(len(race.rows))
    loss = build_loss(race.cell, stats, DEVICE, None)
    stream = Streams(0).as_global
    model = Model.build(race.fitted, loss, stats, race.cell.train, stream).to(DEVICE).eval()

    def ours() -> Tensor:
        return predict_features(model, race.fitted.train, DEVICE, precision="bf16", batch_size=BATCH)

    assert torch.equal(ours(), from_pageable(model, race))
    seconds, opponent = long_seconds(ours), long_seconds(lambda: from_pageable(model, race))
    rows = len(race.rows)
    figures.add(
        "predicting, pinned beside pageable",
        network=name,
        rows=rows,
        **{
            "samples a second": rows / seconds,
            "from pageable memory": rows / opponent,
            "times that": opponent / seconds,
        },
    )
