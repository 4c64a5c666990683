"""The metrics on a GPU: equal to those on the CPU, how often the host waits, memory, and time beside scikit-learn.

    pytest tests/benchmarks -s -m gpu

Before anything is timed, the numbers must be those of the CPU and, where it has them, of scikit-learn. How often the
host waits may not grow with the split; for the bootstrap, which goes by chunks of labels, both counts are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import sklearn.metrics as sk
import torch

from mlbench.metrics import Scored, bootstrap, evaluate, mean_average_precision
from tests.benchmarks.device import DEVICE, long_seconds, peak_bytes, sized
from tests.benchmarks.figures import Figures
from tests.benchmarks.test_metrics import (
    Arrays,
    Numbers,
    label_rankings,
    make_split,
    rank_and_decide,
    scikit_learn,
    scikit_learn_label_rankings,
)
from tests.benchmarks.waits import waits_of

pytestmark = [pytest.mark.gpu, pytest.mark.slow]

CPU = torch.device("cpu")
Ours = Callable[[Scored, Scored], Numbers]
Theirs = Callable[[Arrays, Arrays], Numbers]


def everything(validation: Scored, test: Scored) -> Numbers:
    counts = test.targets.sum(0).cpu()
    found = evaluate(validation, test, threshold=0.0, train_counts=counts, train_size=9)
    return {f"{split} {key}": value for split, numbers in found.items() for key, value in numbers.items()}


def replicates(validation: Scored, test: Scored) -> Numbers:
    found = bootstrap(validation, test, threshold=0.0)
    return {f"{key} {n}": float(value) for key, values in found.items() for n, value in enumerate(values)}


def probe_grid(validation: Scored, _: Scored) -> Numbers:
    grid = torch.stack([validation.logits * (1 + setting) for setting in range(8)])
    return {"map": float(mean_average_precision(grid, validation.targets)[3])}


@dataclass(frozen=True)
class Case:
    name: str
    samples: int
    labels: int
    ours: Ours
    theirs: Theirs | None = None
    tolerance: float = 1e-10
    by_chunks: bool = False


CASES = [
    Case("mAP, AUROC and F1 with tuned thresholds", 40_000, 80, rank_and_decide, scikit_learn),
    Case(
        "LRAP, ranking loss and coverage",
        5_000,
        1_000,
        lambda split, _: label_rankings(split),
        lambda split, _: scikit_learn_label_rankings(split),
    ),
    Case("200 replicates", 5_000, 1_000, replicates, tolerance=1e-4, by_chunks=True),
    Case(
        "mAP of a probe's grid of 8",
        5_000,
        30,
        probe_grid,
        lambda split, _: {"map": float(sk.average_precision_score(split[1], 4 * split[0]))},
    ),
    Case("mAP, AUROC and F1 with tuned thresholds", 20_000, 1_000, rank_and_decide),
    Case("every metric of both splits", 5_000, 4_000, everything),
]


Tensors = list[tuple[torch.Tensor, torch.Tensor]]


def on(device: torch.device, *splits: Arrays) -> Tensors:
    return [
        (torch.from_numpy(scores).to(device), torch.from_numpy(targets).to(device))
        for scores, targets in splits
    ]


def scored(tensors: Tensors) -> list[Scored]:
    """Anew for each call: what a split finds of itself once, it keeps."""
    return [Scored(*split) for split in tensors]


def waits(case: Case, samples: int, labels: int) -> int | None:
    tensors = on(DEVICE, *(make_split(samples, labels, seed) for seed in (0, 1)))
    return waits_of(lambda: case.ours(*scored(tensors)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}, {case.samples} x {case.labels}")
def test_metrics(case: Case, figures: Figures) -> None:
    samples, labels = sized((case.samples, case.labels), (200, 12))
    arrays = make_split(samples, labels, 0), make_split(samples, labels, 1)
    here, there = on(DEVICE, *arrays), on(CPU, *arrays)
    found = case.ours(*scored(here))
    assert np.isfinite(list(found.values())).all()
    assert found == pytest.approx(case.ours(*scored(there)), rel=case.tolerance, abs=1e-12)
    others: dict[str, float] = {"our CPU form": long_seconds(lambda: case.ours(*scored(there)), rounds=1)}
    if (theirs := case.theirs) is not None:
        expected = theirs(*arrays)
        assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-10)
        others["scikit-learn"] = long_seconds(lambda: theirs(*arrays), rounds=1)
    few, many = waits(case, samples // 4, max(9, labels // 4)), waits(case, samples, labels)
    assert case.by_chunks or few == many
    peak = peak_bytes(lambda: case.ours(*scored(here)))
    seconds = long_seconds(lambda: case.ours(*scored(here)))
    figures.add(
        "metrics",
        what=case.name,
        split=f"{samples} × {labels}",
        seconds=seconds,
        **{f"{name}, seconds": others.get(name) for name in ("our CPU form", "scikit-learn")},
        **{f"times {name}": other / seconds for name, other in others.items()},
        **{
            "waits": many,
            "waits on a sixteenth of it": few,
            "copies of the scores": None if peak is None else peak / arrays[0][0].nbytes,
        },
    )
