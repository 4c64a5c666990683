"""Training of a cell against a loop written by hand and against the Hugging Face Trainer, each in the same run.

    OMP_NUM_THREADS=1 pytest tests/benchmarks/test_training.py -s -m slow

prints the ratios; run it alone. The data of $MLBENCH_DATA are needed, and for the Trainer `accelerate`.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from mlbench import datasets
from mlbench.records import Store
from mlbench.training import run_cell
from mlbench.training.scoring.probe import GRID, fit_probe
from tests.benchmarks import bare_loops
from tests.benchmarks.cases import Case, collate_of, prepared, start
from tests.benchmarks.trainer_loop import trainer_rate
from tests.models.encoders.tiny_bert import save_tiny_bert

pytestmark = [pytest.mark.slow, pytest.mark.data]

TURNS = 5
"""Times that both run, one after the other."""
CASES = {
    "bag on go_emotions": Case("go_emotions", {"name": "bag"}, 2, batch_size=128),
    "conv on digit-scenes": Case("digit-scenes", {"name": "conv"}, 3),
    "timm resnet10t on openclipart, 64 px": Case(
        "openclipart", {"name": "timm:resnet10t", "pretrained": False, "size": 64}, 1, fraction=0.1
    ),
    "2-layer BERT on go_emotions": Case(
        "go_emotions", {"name": "hf:", "max_length": 64}, 1, 0.1, 32, {"group_by_length": False}
    ),
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = datasets.load("go_emotions", {}).train.inputs
    return save_tiny_bert(tmp_path_factory.mktemp("bert"), texts, width=128, layers=2)


@pytest.mark.parametrize("name", CASES)
def test_throughput_against_a_loop_by_hand(
    benchmark: BenchmarkFixture, name: str, bert: Path, cache: Path
) -> None:
    case = CASES[name]
    cell, dataset, fitted, rows = prepared(case, bert, cache)
    targets = torch.from_numpy(dataset.train.targets[rows])
    collate = collate_of(case, dataset, fitted, rows, cache)
    rates = (cell.train.encoder_lr, cell.train.head_lr)
    ours: list[float] = []
    bare: list[float] = []

    def turn() -> None:
        result = run_cell(cell, dataset, cache_dir=cache)
        ours.append(result.parts["timing"]["samples_per_second"])
        network = start(cell, fitted, len(dataset.labels))
        trained = bare_loops.train(
            *network, targets, collate, batch_size=case.batch_size, epochs=case.epochs, rates=rates
        )
        bare.append(trained.samples_per_second)

    benchmark.pedantic(turn, rounds=TURNS, warmup_rounds=1)
    ratios = [one / other for one, other in zip(ours[1:], bare[1:], strict=True)]
    ratio = statistics.median(ratios)
    benchmark.extra_info["share of the loop by hand"] = ratio
    print(
        f"\n{name}: {max(ours):.0f} samples a second, by hand {max(bare):.0f}: {ratio:.2f} of it, "
        f"{min(ratios):.2f} to {max(ratios):.2f} over {TURNS} turns (wanted: 0.95)"
    )
    assert ratio >= 0.95


@pytest.mark.parametrize("name", CASES)
def test_what_a_cell_takes_outside_training(
    benchmark: BenchmarkFixture, name: str, bert: Path, cache: Path, tmp_path: Path
) -> None:
    """Loading with a warm cache, metrics, floor, replicates and the record, of a cell that is read both ways."""
    from mlbench.training import setup

    case = CASES[name]
    train = {**case.train, "probe": "all", "probe_steps": 20}
    case = replace(case, train=train, fraction=min(0.02, case.fraction))
    cell, dataset, _, _ = prepared(case, bert, cache)
    store = Store(tmp_path)
    store.prepare()
    outside: list[float] = []

    def one() -> None:
        setup._fitted.clear()
        started = time.perf_counter()
        result = run_cell(cell, case.load(), cache_dir=cache)
        record = {
            "schema": 1,
            "id": "0" * 20,
            "suite": "race",
            "cell": cell.describe(),
            "status": "done",
            "error": None,
        }
        store.write({**record, **result.parts}, result.scores)
        timing = result.parts["timing"]
        inside = sum(timing[phase] for phase in ("train", "validate", "predict", "probe"))
        outside.append(time.perf_counter() - started - inside)

    benchmark.pedantic(one, rounds=3, warmup_rounds=1)
    seconds = min(outside)
    benchmark.extra_info["seconds outside training"] = seconds
    print(
        f"\n{name}, {len(dataset.test)} test rows: {seconds:.2f} s outside training and probing (wanted: under 2)"
    )
    assert seconds < 2


def test_a_probe_of_eight_settings_against_one(benchmark: BenchmarkFixture) -> None:
    shapes = (
        (10_000, 256, 28, 5_000),
        (7_000, 256, 90, 800),
        (2_000, 512, 54, 1_000),
        (5_000, 512, 300, 1_000),
    )
    ratios: dict[tuple[int, ...], float] = {}

    def seconds(shape: tuple[int, ...], grid: Any) -> float:
        rows, width, labels, held_out = shape
        generator = torch.Generator().manual_seed(0)
        features = torch.randn(rows + held_out, width, generator=generator)
        targets = (torch.rand(rows + held_out, labels, generator=generator) < 0.05).to(torch.uint8)
        started = time.perf_counter()
        fit_probe(
            features[:rows], targets[:rows], features[rows:], targets[rows:], generator, steps=500, grid=grid
        )
        return time.perf_counter() - started

    def turn() -> None:
        for shape in shapes:
            pairs = [(seconds(shape, GRID), seconds(shape, GRID[:1])) for _ in range(3)]
            ratios[shape] = min(grid for grid, _ in pairs) / min(one for _, one in pairs)

    benchmark.pedantic(turn, rounds=1)
    for (rows, width, labels, _), ratio in ratios.items():
        print(
            f"\nprobe, {rows} rows, M = {width}, L = {labels}: {len(GRID)} settings cost "
            f"{ratio:.2f} times one (wanted: at most 2)"
        )
    assert max(ratios.values()) <= 2


def test_samples_a_second_against_the_hugging_face_trainer(
    benchmark: BenchmarkFixture, bert: Path, cache: Path, tmp_path: Path
) -> None:
    """The same encoder and data, both as they come: the Trainer pads each batch and groups by length as told."""
    pytest.importorskip("accelerate")
    case = replace(CASES["2-layer BERT on go_emotions"], train={"group_by_length": True})
    cell, dataset, _, rows = prepared(case, bert, cache)
    ours: list[float] = []
    theirs: list[float] = []

    def turn() -> None:
        result = run_cell(cell, dataset, cache_dir=cache)
        ours.append(result.parts["timing"]["samples_per_second"])
        theirs.append(trainer_rate(bert, dataset, rows, case, tmp_path))

    benchmark.pedantic(turn, rounds=3, warmup_rounds=1)
    ratio = statistics.median(one / other for one, other in zip(ours[1:], theirs[1:], strict=True))
    benchmark.extra_info["times the Trainer"] = ratio
    print(f"\n{max(ours):.0f} samples a second, Trainer {max(theirs):.0f}: {ratio:.2f} times (wanted: ahead)")
    assert ratio > 1
