"""Two cells at once on one GPU against one after the other: the same suite, with two slots of the device and with one.

    pytest tests/benchmarks -s -m gpu

On the CPU the two slots are two jobs. Before the times count, both runs must have trained the same: every metric of
every cell to 1e-3, whatever shared the device with it.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import torch

from mlbench.runner import RunOptions, run_suites
from mlbench.suite import Suite, parse_suite
from tests.benchmarks.device import DEVICE, ON_GPU, sized
from tests.benchmarks.figures import Figures

pytestmark = [pytest.mark.gpu, pytest.mark.slow]


SEEDS = sized(2, 1)


def small_cells() -> Suite:
    return parse_suite(
        f"""
        name = "shared"
        seeds = {list(range(SEEDS))}
        fractions = [1.0]
        losses = ["bce", "asl", "supcon", "msc"]
        [train]
        epochs = {sized(6, 1)}
        min_steps = 0
        threads = {max(1, torch.get_num_threads() // 2)}
        [[datasets]]
        name = "digit-scenes"
        samples = {sized(6000, 200)}
        encoder = "conv"
        """,
        "shared",
    )


def frozen_cells() -> Suite:
    """Cells of the smallest kind: an adapter and a head on vectors, where the GPU mostly waits for the host."""
    return parse_suite(
        f"""
        name = "shared"
        seeds = {list(range(SEEDS))}
        fractions = [1.0]
        losses = ["bce", "asl", "supcon", "msc"]
        [train]
        epochs = {sized(15, 1)}
        min_steps = 0
        evaluations = 1
        threads = 1
        [[datasets]]
        name = "synthetic-features"
        samples = {sized(6000, 200)}
        labels = 40
        encoder = "features"
        """,
        "shared",
    )


def run_with(suite: Suite, slots: int, folder: Path) -> dict[str, dict[str, Any]]:
    """The records of the suite, trained in so many slots of the device."""
    options = RunOptions(
        results=folder / str(slots),
        device="cuda:0" if ON_GPU else "cpu",
        engine="loky",
        jobs=slots,
        slots_per_device=slots,
        progress="none",
    )
    assert run_suites([suite], options).exit_code == 0
    return records(options.results)


def records(results: Path) -> dict[str, dict[str, Any]]:
    files = (results / "shared" / "cells").glob("*.json")
    return {record["id"]: record for record in (json.loads(file.read_text()) for file in files)}


def seconds(found: dict[str, dict[str, Any]]) -> float:
    """From the first start to the last finish."""
    moments = [
        [datetime.fromisoformat(record[name]) for record in found.values()]
        for name in ("started", "finished")
    ]
    return (max(moments[1]) - min(moments[0])).total_seconds()


def test_two_slots_of_a_device(tmp_path: Path, figures: Figures) -> None:
    suite = small_cells()
    found = {slots: run_with(suite, slots, tmp_path) for slots in (1, 2)}
    largest = 0.0
    assert found[1].keys() == found[2].keys()
    assert len(found[1]) == 4 * SEEDS
    for name, alone in found[1].items():
        shared = found[2][name]["metrics"]["test"]
        assert shared == pytest.approx(alone["metrics"]["test"], abs=1e-3)
        largest = max(largest, *(abs(shared[key] - value) for key, value in alone["metrics"]["test"].items()))
        if ON_GPU:
            assert alone["environment"]["device"] == torch.cuda.get_device_name(DEVICE)
            assert alone["memory"]["device_peak"] > 0
    figures.add(
        "runner",
        cells=len(found[1]),
        **{
            "one slot, s": seconds(found[1]),
            "two slots, s": seconds(found[2]),
            "times faster": seconds(found[1]) / seconds(found[2]),
            "largest difference of a metric": largest,
        },
    )


def test_many_slots_of_a_device(tmp_path: Path, figures: Figures) -> None:
    """Of how much of a device small cells leave unused: would one program that trains several of them at once pay?"""
    suite, first = frozen_cells(), None
    for slots in (1, 4, 8):
        found = run_with(suite, slots, tmp_path)
        steps = sum(record["history"]["steps"] for record in found.values())
        training = sum(record["timing"]["train"] for record in found.values())
        wall = seconds(found)
        first = first or wall
        figures.add(
            "slots for cells on frozen features",
            slots=slots,
            cells=len(found),
            updates=steps,
            **{
                "ms an update of one cell": 1e3 * training / steps,
                "cells a second": len(found) / wall,
                "times one slot": first / wall,
                "host": os.cpu_count(),
            },
        )
