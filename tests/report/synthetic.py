"""Records that no training made: plausible numbers with a known truth, written through the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mlbench.records import Store
from mlbench.version import TRAINING_VERSION

MAIN_KEYS = ("map", "ap_micro", "f1_macro@label", "f1_micro@label")
RANKING = (
    "map",
    "ap_micro",
    "lrap",
    "ranking_loss",
    "coverage_error",
    "one_error",
    "precision_at_1",
    "precision_at_3",
    "precision_at_5",
    "ndcg_at_1",
    "ndcg_at_3",
    "ndcg_at_5",
    "auroc_macro",
    "auroc_micro",
)
DECISIONS = (
    "f1_micro",
    "f1_macro",
    "f1_sample",
    "precision_micro",
    "precision_macro",
    "recall_micro",
    "recall_macro",
    "hamming_loss",
    "subset_accuracy",
)
POLICIES = ("0.5", "native", "global", "label", "oracle")
BY_LABEL = ("map", "auroc_macro", "f1_macro", "precision_macro", "recall_macro")
BUCKETS = ("head", "medium", "tail", "unseen")


@dataclass(frozen=True)
class World:
    """What is true of a synthetic grid.

    `skill` is what a loss adds to a dataset's base score, `noise` the standard deviation over seeds.
    `failed` and `missing` name cells as (loss, dataset, fraction, seed) patterns, None matching anything. A record
    names no `version` where that is None.
    """

    losses: Mapping[str, float] = field(
        default_factory=lambda: {
            "bce": 0.0,
            "focal": -0.01,
            "asl": 0.015,
            "supcon": -0.02,
            "msc": 0.01,
            "kmcl": 0.02,
        }
    )
    datasets: Sequence[str] = (
        "digit-scenes",
        "synthetic-topics",
        "go_emotions",
        "reuters21578",
        "eurlex21",
        "eurlex127",
    )
    families: Mapping[str, str] = field(default_factory=lambda: {"eurlex21": "eurlex", "eurlex127": "eurlex"})
    fractions: Sequence[float | int] = (0.1, 1.0)
    seeds: Sequence[int] = (0, 1, 2)
    noise: float = 0.006
    failed: Sequence[tuple[Any, ...]] = ()
    missing: Sequence[tuple[Any, ...]] = ()
    suite: str = "synthetic"
    encoder: str = "bag"
    keys: Sequence[str] = MAIN_KEYS
    replicates: int = 0
    error: str = "CUDA out of memory"
    ceiling: Sequence[str] = ("synthetic-topics",)
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    without_threshold: Sequence[str] = ()
    version: int | None = TRAINING_VERSION


def all_keys() -> list[str]:
    """Every metric key that a real record has, or nearly."""
    keys = [*RANKING]
    keys += [f"{name}@{policy}" for name in DECISIONS for policy in POLICIES]
    by_label = [key for key in keys if key.split("@")[0] in BY_LABEL]
    return keys + [f"{key}/{bucket}" for key in by_label for bucket in BUCKETS] + ["brier", "ece"]


def write(folder: Path, world: World | None = None, *, packed: bool = False) -> Path:
    """Write the records of a world under the results root `folder`; returns that root."""
    world = world or World()
    store = Store(folder / world.suite)
    store.prepare()
    for record, scores in records(world):
        store.write(record, scores)
    if packed:
        store.pack()
        for file in store.cells_folder.iterdir():
            file.unlink()
    return folder


def records(world: World) -> Iterable[tuple[dict[str, Any], dict[str, np.ndarray] | None]]:
    """The records of a world in the order in which a run would make them, each with its scores or None."""
    for seed in world.seeds:
        for dataset in world.datasets:
            for fraction in world.fractions:
                for loss in world.losses:
                    place = (loss, dataset, fraction, seed)
                    if not _matches(place, world.missing):
                        yield _record(world, *place), _scores(world, *place)


def _record(world: World, loss: str, dataset: str, fraction: float | int, seed: int) -> dict[str, Any]:
    facts = _facts(dataset)
    cell = {
        "dataset": dataset,
        "loader": dataset,
        "dataset_parameters": {},
        "fraction": fraction,
        "seed": seed,
        "encoder": world.encoder,
        "encoder_options": {},
        "loss": {"name": loss.split("~")[0], "id": loss, "parameters": dict(world.parameters.get(loss, {}))},
        "train": {
            "epochs": 20,
            "batch_size": 128,
            "optimiser": "adamw",
            "encoder_lr": 0.001,
            "select": "best",
            "probe": "all",
            "time_limit": None,
            "threads": 1,
        },
    }
    version = "" if world.version == TRAINING_VERSION else f"{world.version}/"
    identity = f"{version}{world.suite}/{world.encoder}/{loss}/{dataset}/{fraction}/{seed}"
    record: dict[str, Any] = {
        "schema": 1,
        "id": hashlib.sha256(identity.encode()).hexdigest()[:20],
        "suite": world.suite,
        "cell": cell,
        "code": {} if world.version is None else {"training": world.version},
        "started": "2026-01-01T10:00:00+00:00",
        "finished": "2026-01-01T10:01:00+00:00",
        "dataset": {
            "fingerprint": f"f-{dataset}",
            **facts,
            "family": world.families.get(dataset, dataset),
            "ceiling": {"map": 0.92, "map_error": 0.002} if dataset in world.ceiling else None,
        },
        "environment": {
            "device": "cpu",
            "git_commit": "0" * 40,
            "git_dirty": False,
            "packages": {"torch": "2.4.0", "numpy": "1.26.0"},
        },
    }
    if _matches((loss, dataset, fraction, seed), world.failed):
        error = {"class": "oom", "message": world.error, "traceback": "Traceback …"}
        return {**record, "status": "failed", "error": error}
    train, steps = 20.0 * fraction if fraction <= 1 else 1.0, 5
    random = _random(world, loss, dataset, fraction, seed, "history")
    curve = 1.2 * np.exp(-np.arange(20) / 6) + 0.3 + 0.01 * random.normal(size=20)
    own = _metrics(world, loss, dataset, fraction, seed, 0.0)
    return {
        **record,
        "status": "done",
        "error": None,
        "metrics": own,
        "probe_metrics": _metrics(world, loss, dataset, fraction, seed, 0.01),
        "floor_metrics": {
            split: {key: 0.25 * _base(dataset, 1.0, key) for key in world.keys}
            for split in ("validation", "test")
        },
        "threshold": {"metrics": None if loss in world.without_threshold else 0.0, "probe_metrics": 0.0},
        "history": {
            "epochs": [
                {
                    "epoch": epoch,
                    "loss": float(curve[epoch]),
                    "gradient_norm": float(2 * curve[epoch] ** 2),
                    "lr": 0.001,
                }
                for epoch in range(20)
            ],
            "evaluations": [
                {
                    "step": 60 * (k + 1),
                    "epoch": 4.0 * (k + 1),
                    "map": own["validation"]["map"] * (1 - np.exp(-k - 1)),
                }
                for k in range(steps)
            ]
            if "map" in world.keys
            else [],
        },
        "timing": {
            "total": train + 3.0,
            "train": train * (1.5 if loss in ("msc", "kmcl") else 1.0),
            "cost": train * (1.5 if loss in ("msc", "kmcl") else 1.0),
            "probe": 1.5,
            "evaluate": 1.0,
            "prepare": 0.5,
            "samples_per_second": 5000.0,
        },
        "memory": {"host_peak": int(8e8 + 1e8 * len(loss)), "device_peak": None},
    }


def _metrics(
    world: World, loss: str, dataset: str, fraction: float | int, seed: int, probe: float
) -> dict[str, dict[str, float]]:
    random = _random(world, loss, dataset, fraction, seed, f"metrics{probe}")
    shared = _random(world, "", dataset, fraction, seed, "shared").normal() * world.noise
    taste = _random(world, loss, dataset, 1.0, 0, "taste").normal() * 0.004
    noise = random.normal(size=(2, len(world.keys))) * world.noise
    result = {}
    for row, split in enumerate(("validation", "test")):
        values = {}
        for column, key in enumerate(world.keys):
            gain = world.losses[loss] + shared + taste + noise[row, column] - probe
            value = _base(dataset, fraction, key) + gain
            values[key] = float(1 - value if _lower(key) else value)
        result[split] = values
    return result


def _scores(
    world: World, loss: str, dataset: str, fraction: float | int, seed: int
) -> dict[str, np.ndarray] | None:
    """Bootstrap replicates whose draws of test rows are shared by all losses of a dataset."""
    place = (loss, dataset, fraction, seed)
    if not world.replicates or _matches(place, world.failed):
        return None
    rows = _random(world, "", dataset, 1.0, 0, "rows").normal(size=world.replicates) * 0.01
    own = _random(world, *place, "replicates")
    test = _metrics(world, *place, 0.0)["test"]
    return {
        f"bootstrap/{key}": (test[key] + rows + 0.002 * own.normal(size=world.replicates)).astype(np.float32)
        for key in world.keys[:4]
    }


def _lower(key: str) -> bool:
    return any(part in key for part in ("loss", "error", "ece", "brier"))


def _base(dataset: str, fraction: float | int, key: str) -> float:
    share = fraction if fraction <= 1 else 0.05
    level = 0.45 + 0.4 * (int(hashlib.sha256(dataset.encode()).hexdigest(), 16) % 100) / 100
    level -= 0.02 * (len(key) % 5) + (0.2 if key.endswith(("/tail", "/unseen")) else 0.0)
    return level + 0.05 * np.log10(share)


def _facts(dataset: str) -> dict[str, Any]:
    digits = int("".join(filter(str.isdigit, dataset)) or 0) % 1000
    labels = digits if 5 < digits < 600 else 30
    counts = [int(3000 / (rank + 1)) + 1 for rank in range(labels)]
    return {
        "modality": "image" if "digit" in dataset else "text",
        "labels": [f"label {index}" for index in range(labels)],
        "sizes": {"train": 8000, "validation": 1000, "test": 2000},
        "label_counts": {"train": counts, "validation": counts, "test": counts},
        "seen_counts": counts,
        "cardinality": 2.5,
    }


def _matches(place: tuple[Any, ...], patterns: Iterable[tuple[Any, ...]]) -> bool:
    return any(
        all(want is None or want == have for want, have in zip(pattern, place, strict=True))
        for pattern in patterns
    )


def _random(
    world: World, loss: str, dataset: str, fraction: float | int, seed: int, what: str
) -> np.random.Generator:
    text = f"{world.suite}/{loss}/{dataset}/{fraction}/{seed}/{what}"
    return np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:16], 16))
