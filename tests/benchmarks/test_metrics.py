"""The metrics against scikit-learn on splits of real size, the opponent in the same run.

    pytest tests/benchmarks/test_metrics.py -s -m slow

prints the ratios; run it alone, on two cores.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as sk
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from mlbench.metrics import Scored, bootstrap, evaluate, mean_average_precision
from mlbench.metrics.thresholds import oracle_rule, validation_rules
from mlbench.metrics.views.decisions import Decisions
from mlbench.metrics.views.orders import Orders
from mlbench.registry import METRICS

pytestmark = pytest.mark.slow

Numbers = dict[str, float]
Arrays = tuple[NDArray[np.float32], NDArray[np.uint8]]
RANKED = ("map", "auroc_macro")
SAMPLE_RANKED = ("lrap", "ranking_loss", "coverage_error")
DECIDED = ("f1_micro", "f1_macro", "f1_sample")


def make_split(samples: int, labels: int, seed: int) -> Arrays:
    """Three labels a sample, their frequencies as uneven as in real data, and scores of a fair model."""
    rng = np.random.default_rng(seed)
    frequency = 1 / np.arange(1, labels + 1) ** 0.7
    chance = np.minimum(3 * frequency / frequency.sum(), 0.5)
    targets = (rng.random((samples, labels)) < chance).astype(np.uint8)
    targets[rng.integers(0, samples, labels), np.arange(labels)] = 1
    noise = rng.normal(size=(samples, labels)).astype(np.float32) * 2
    return noise + 4 * targets + np.log(chance).astype(np.float32), targets


def race(benchmark: BenchmarkFixture, ours: Callable[[], Any], theirs: Callable[[], Any] | None) -> None:
    """Times both, prints the ratio and keeps it with the benchmark; equal numbers are the entry fee."""
    found = benchmark.pedantic(ours, rounds=3, warmup_rounds=1)
    seconds = benchmark.stats.stats.min
    if theirs is None:
        print(f"\n{benchmark.name}: {seconds:.2f} s")
        return
    started = time.perf_counter()
    expected = theirs()
    opponent = time.perf_counter() - started
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-10)
    benchmark.extra_info["times faster"] = opponent / seconds
    print(
        f"\n{benchmark.name}: {seconds:.3f} s, scikit-learn {opponent:.2f} s, {opponent / seconds:.1f} times"
    )


def rank_and_decide(validation: Scored, test: Scored) -> Numbers:
    """mAP, AUROC and F1 by every policy, as `evaluate` finds them, without its other metrics."""
    views = Orders(validation), Orders(test)
    rules = validation_rules(views[0], None) | {"oracle": oracle_rule(views[1])}
    present = test.label_positives > 0
    found = {}
    for name in RANKED:
        found[name] = METRICS.get(name)(name)(views[1])[present].mean()
    for policy in ("0.5", "global", "label", "oracle"):
        decisions = Decisions(test, rules[policy])
        for name in DECIDED:
            value = METRICS.get(name)(name)(decisions)
            found[f"{name}@{policy}"] = value[present].mean() if value.ndim else value
    return {name: float(value) for name, value in found.items()}


def scikit_learn(validation: Arrays, test: Arrays) -> Numbers:
    """The same numbers by scikit-learn's own functions."""
    (scores, targets), (test_scores, test_targets) = validation, test
    cuts: dict[str, Any] = {"0.5": 0.0, "global": best_cut(targets.ravel(), scores.ravel())}
    labels = range(targets.shape[1])
    cuts["label"] = np.array(
        [
            best_cut(targets[:, l], scores[:, l]) if targets[:, l].sum() >= 5 else cuts["global"]
            for l in labels
        ]
    )
    cuts["oracle"] = np.array([best_cut(test_targets[:, l], test_scores[:, l]) for l in labels])
    found = {
        "map": float(sk.average_precision_score(test_targets, test_scores)),
        "auroc_macro": float(sk.roc_auc_score(test_targets, test_scores)),
    }
    for policy, cut in cuts.items():
        predicted = (test_scores > cut).astype(np.uint8)
        for average in ("micro", "macro", "samples"):
            score = sk.f1_score(test_targets, predicted, average=average, zero_division=0)
            found[f"f1_{average.removesuffix('s')}@{policy}"] = float(score)
    return found


def best_cut(y: NDArray[np.uint8], s: NDArray[np.float32]) -> np.float32:
    """The threshold of greatest F1, midway to the next lower score, by the precision-recall curve."""
    precision, recall, values = sk.precision_recall_curve(y, s)
    both = precision[:-1] + recall[:-1]
    f1 = 2 * precision[:-1] * recall[:-1] / np.where(both > 0, both, 1)
    best = len(f1) - 1 - int(np.argmax(np.round(f1[::-1], 12)))
    if best == 0:
        return np.float32(-np.inf)
    return np.float32((values[best].astype(np.float64) + values[best - 1]) / 2)


@pytest.mark.parametrize(("samples", "labels"), [(40_000, 80), (20_000, 1_000)])
def test_map_auroc_and_f1_with_tuned_thresholds(
    benchmark: BenchmarkFixture, samples: int, labels: int
) -> None:
    validation, test = make_split(samples, labels, 0), make_split(samples, labels, 1)
    race(
        benchmark,
        lambda: rank_and_decide(Scored(*validation), Scored(*test)),
        lambda: scikit_learn(validation, test),
    )


def label_rankings(split: Scored) -> Numbers:
    view = Orders(split)
    return {name: float(METRICS.get(name)(name)(view)) for name in SAMPLE_RANKED}


def scikit_learn_label_rankings(split: Arrays) -> Numbers:
    """In float64: newer scipy ranks float32 scores in float32, and scikit-learn's mean of them has 7 digits."""
    scores, targets = split[0].astype(np.float64), split[1]
    functions = (sk.label_ranking_average_precision_score, sk.label_ranking_loss, sk.coverage_error)
    return {name: function(targets, scores) for name, function in zip(SAMPLE_RANKED, functions, strict=True)}


def test_label_rankings(benchmark: BenchmarkFixture) -> None:
    split = make_split(20_000, 1_000, 0)
    race(benchmark, lambda: label_rankings(Scored(*split)), lambda: scikit_learn_label_rankings(split))


def test_everything_on_many_labels(benchmark: BenchmarkFixture) -> None:
    validation, test = Scored(*make_split(5_000, 4_000, 0)), Scored(*make_split(5_000, 4_000, 1))
    counts = test.targets.sum(0)
    race(
        benchmark, lambda: evaluate(validation, test, threshold=0.0, train_counts=counts, train_size=9), None
    )


@pytest.mark.parametrize(("samples", "labels"), [(500, 10), (5_000, 30)])
def test_everything_on_a_small_split(benchmark: BenchmarkFixture, samples: int, labels: int) -> None:
    validation, test = Scored(*make_split(samples, labels, 0)), Scored(*make_split(samples, labels, 1))
    race(benchmark, lambda: evaluate(validation, test, threshold=0.0), None)


@pytest.mark.parametrize(("samples", "labels"), [(5_000, 30), (40_000, 80), (5_000, 1_000)])
def test_bootstrap(benchmark: BenchmarkFixture, samples: int, labels: int) -> None:
    validation, test = Scored(*make_split(samples, labels, 0)), Scored(*make_split(samples, labels, 1))
    race(benchmark, lambda: bootstrap(validation, test, threshold=0.0), None)


def test_map_of_a_probe_grid(benchmark: BenchmarkFixture) -> None:
    scores, targets = make_split(5_000, 30, 0)
    grid = np.stack([scores * (1 + setting) for setting in range(8)])
    race(
        benchmark,
        lambda: {"map": float(mean_average_precision(grid, targets)[3])},
        lambda: {"map": [sk.average_precision_score(targets, scores) for scores in grid][3]},
    )


MEMORY = """
import sys
from pathlib import Path
import numpy as np
from mlbench.metrics import Scored, evaluate
def peak():
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
arrays = [np.load(f"{sys.argv[1]}/{name}.npy") for name in ("scores0", "targets0", "scores1", "targets1")]
few = [array[:50].copy() for array in arrays]
evaluate(Scored(*few[:2]), Scored(*few[2:]), threshold=0.0)
before = peak()
evaluate(Scored(*arrays[:2]), Scored(*arrays[2:]), threshold=0.0)
print((peak() - before) / arrays[0].nbytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_memory_stays_under_four_copies_of_the_scores(tmp_path: Path) -> None:
    for seed in (0, 1):
        for name, array in zip(("scores", "targets"), make_split(5_000, 4_000, seed), strict=True):
            np.save(tmp_path / f"{name}{seed}.npy", array)
    command = [sys.executable, "-c", MEMORY, str(tmp_path)]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    copies = float(finished.stdout)
    print(f"\npeak above the two splits: {copies:.2f} copies of one split's scores")
    assert 0 < copies < 4
