"""What the data costs: stratified orders against iterative-stratification, loading, decoding, the cache.

Ratios are taken within one run: the opponent does the same work on the same machine, minutes apart at most.
"""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pytest_benchmark.fixture import BenchmarkFixture

from mlbench.datasets import Split, decode_images, load
from mlbench.datasets.cache import Cache
from mlbench.datasets.splits.cutting import cut_missing
from mlbench.datasets.splits.stratify import stratified_order


def labels(count: int, number: int, cardinality: float) -> npt.NDArray[np.uint8]:
    """Long-tailed labels."""
    frequency = 1 / (1.0 + np.arange(number))
    frequency = np.minimum(frequency * cardinality / frequency.sum(), 0.9)
    return (np.random.default_rng(0).random((count, number)) < frequency).astype(np.uint8)


@pytest.mark.parametrize(("count", "number", "cardinality"), [(100_000, 100, 3.0), (30_000, 450, 4.0)])
def test_stratified_order(benchmark: BenchmarkFixture, count: int, number: int, cardinality: float) -> None:
    targets = labels(count, number, cardinality)
    order = benchmark.pedantic(stratified_order, args=(targets, 0), rounds=3)
    assert len(order) == count


@pytest.mark.parametrize("unlike", [100_000, 70_000])
def test_a_cut_that_keeps_identical_texts_together(benchmark: BenchmarkFixture, unlike: int) -> None:
    """Against the cut that does not look at the inputs."""
    targets = labels(100_000, 100, 3.0)
    texts = [f"text {row % unlike}: {'some forty words more ' * 10}" for row in range(len(targets))]
    train = {"train": Split(texts, targets, [str(row) for row in range(len(targets))])}
    cut_missing(train)
    start = time.perf_counter()
    cut_missing(train)
    seconds = time.perf_counter() - start
    cut = benchmark.pedantic(cut_missing, args=(train,), kwargs={"together": True}, rounds=3)
    benchmark.extra_info.update(plain_seconds=seconds)
    assert len(cut["test"]) == 20_000


def deviation(targets: npt.NDArray[np.uint8], rows: npt.NDArray[np.int64]) -> float:
    """Mean over labels of |share of the label − share of the rows|, in rows."""
    wanted = targets.sum(axis=0) * len(rows) / len(targets)
    return float(np.abs(targets[rows].sum(axis=0) - wanted).mean())


@pytest.mark.slow
def test_against_iterative_stratification(benchmark: BenchmarkFixture) -> None:
    """A tenth of 5,000 × 100 by Sechidis' algorithm as published, and by ours: time and quality of both."""
    opponent = pytest.importorskip("iterstrat.ml_stratifiers")
    targets = labels(5_000, 100, 3.0)
    start = time.perf_counter()
    splitter = opponent.MultilabelStratifiedShuffleSplit(
        n_splits=1, train_size=0.1, test_size=0.9, random_state=0
    )
    ((rows, _),) = splitter.split(np.zeros(len(targets)), targets)
    seconds = time.perf_counter() - start
    order = benchmark.pedantic(stratified_order, args=(targets, 0), rounds=5)
    ours = deviation(targets, order[:500])
    benchmark.extra_info.update(
        opponent_seconds=seconds, opponent_deviation=deviation(targets, rows), deviation=ours, rows=len(rows)
    )
    assert ours < 1.5


def test_loading_a_built_in_dataset_again(benchmark: BenchmarkFixture) -> None:
    load("digit-scenes")
    benchmark.pedantic(load, args=("digit-scenes",), rounds=3)


@pytest.mark.data
def test_loading_real_text_again(benchmark: BenchmarkFixture, data_root: Path) -> None:
    load("go_emotions", data_root=data_root)
    benchmark.pedantic(lambda: load("go_emotions", data_root=data_root), rounds=3)


def pictures(count: int) -> Split:
    ramp = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(ramp).save(stream, "JPEG", quality=88)
    return Split(
        [stream.getvalue()] * count, np.ones((count, 1), np.uint8), [str(row) for row in range(count)]
    )


def test_decoding(benchmark: BenchmarkFixture) -> None:
    split = pictures(200)
    benchmark.pedantic(decode_images, args=(split, 64), kwargs={"workers": 1}, rounds=3)


def test_decoded_images_from_the_cache(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    split, cache = pictures(200), Cache(tmp_path)

    def get() -> npt.NDArray[np.uint8]:
        return cache.array({"images": 64}, lambda: decode_images(split, 64))

    get()
    assert benchmark.pedantic(get, rounds=5).shape == (200, 64, 64, 3)
