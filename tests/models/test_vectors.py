from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mlbench.datasets.cache import Cache
from mlbench.models.vectors import fitted_vectors


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("per_feature", [True, False])
@pytest.mark.parametrize("count", [3, 20_000])
def test_standardised_by_the_training_rows(dtype: str, per_feature: bool, count: int) -> None:
    random = np.random.default_rng(0)
    train = (random.normal(size=(count, 5)) * [1, 2, 3, 4, 0] + 100).astype(dtype)
    other = random.normal(size=(7, 5)).astype(dtype)
    rows = np.flatnonzero(random.random(count) < 0.5) if count > 3 else np.array([0, 2])
    fitted = fitted_vectors(train, other, other, rows, per_feature=per_feature)
    backbone = fitted.build()
    vectors = backbone(fitted.train.batch(torch.arange(len(rows))))
    chosen = train[rows].astype(np.float64)
    spread = chosen.std(axis=0) if per_feature else np.full(5, np.sqrt(chosen.var(axis=0).mean()))
    spread[spread == 0] = 1
    np.testing.assert_allclose(vectors, (chosen - chosen.mean(axis=0)) / spread, rtol=1e-3, atol=2e-4)
    assert vectors.dtype == torch.float32
    assert backbone.dim == 5
    assert len(fitted.train) == len(rows)


READER = """
import sys
from pathlib import Path
import numpy as np, torch
from mlbench.datasets.cache import Cache
from mlbench.models.vectors import fitted_vectors

def refuse(out):
    raise AssertionError("computed again")

array = Cache(Path(sys.argv[1])).filled({"v": 1}, (50_000, 256), "float32", refuse)
fitted = fitted_vectors(array, array[:10], array[:10], np.arange(0, 50_000, 2), per_feature=False)
backbone = fitted.build()
total = sum(float(backbone(fitted.train.batch(rows)).sum()) for rows in torch.arange(25_000).split(500))
private, inside = 0, False
for line in open("/proc/self/smaps"):
    if "-" in line.split()[0] and ":" not in line.split()[0]:
        inside = line.rstrip().endswith(".npy")
    elif inside and line.startswith(("Private_Dirty", "Swap:")):
        private += int(line.split()[1])
print(private)
"""


def test_processes_share_the_vectors_and_copy_none(tmp_path: Path) -> None:
    def fill(out: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
        out[:] = np.random.default_rng(0).normal(size=out.shape)

    Cache(tmp_path).filled({"v": 1}, (50_000, 256), "float32", fill)
    command = [sys.executable, "-W", "error", "-c", READER, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(result.stdout) == 0  # kB of the map that are the process's own


@pytest.mark.filterwarnings("error")
def test_arrays_that_may_not_be_written_to_are_taken_silently() -> None:
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    values.flags.writeable = False
    fitted = fitted_vectors(values, values, values, per_feature=True)
    assert fitted.test.batch(torch.tensor([1]))[0].tolist() == [[2, 3]]
