"""An encoder to start from."""

from __future__ import annotations

CODE = '''"""`NAME`: what it is, in a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mlbench import register_encoder
from mlbench.datasets import Dataset
from mlbench.models.base import Backbone, Encoder, Fitted
from mlbench.models.inputs import Batch, Dense


@register_encoder("NAME")
class CLASS(Encoder):
    """One line that says what it does: here, given vectors through one layer that is trained.

    f = ReLU(W z + b), z [D] being the vector with each column standardised by the training rows; f [width].
    Source: author, year, title, link; where its constants come from.
    """

    modalities = {"features"}
    train_defaults = {"epochs": 20, "encoder_lr": 0.003, "head_lr": 0.003}

    def __init__(self, width: int = 128) -> None:
        self.width = width

    def fit(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Fitted:
        given = (dataset.train, dataset.validation, dataset.test)
        train, validation, test = (np.asarray(split.inputs, dtype=np.float32) for split in given)
        train = train[rows]
        mean, spread = train.mean(0), train.std(0) + 1e-6
        inputs = [Dense(torch.from_numpy((part - mean) / spread)) for part in (train, validation, test)]
        return Fitted(*inputs, build=lambda: _Layer(train.shape[1], self.width))


class _Layer(Backbone):
    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.dim = width
        self.layer = nn.Linear(inputs, width)

    def forward(self, batch: Batch) -> Tensor:
        features: Tensor = self.layer(batch[0]).relu()
        return features
'''

TEST = '''"""`NAME`: what it makes of samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from mlbench.models.conformance import check, sample_of
from mlbench.registry import ENCODERS
# LOADING


def test_columns_are_standardised_by_the_training_rows(tmp_path: Path) -> None:
    rows = np.arange(10)
    fitted = ENCODERS.build("NAME").fit(sample_of("features"), rows, tmp_path)
    (values,) = fitted.train.batch(torch.arange(10))
    torch.testing.assert_close(values.mean(0), torch.zeros(values.shape[1]), atol=1e-5, rtol=0)
    torch.testing.assert_close(values.std(0, correction=0), torch.ones(values.shape[1]), atol=1e-3, rtol=0)


def test_passes_the_conformance_suite() -> None:
    assert [str(verdict) for verdict in check("NAME") if verdict.passed is False] == []
'''
