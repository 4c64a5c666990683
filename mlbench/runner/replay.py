"""One recorded cell trained again in this process, where a debugger reaches it, beside what its record says.

A run trains each cell in a process of its own that no debugger reaches. Nothing is written here: a run alone makes
records.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlbench.errors import DataError
from mlbench.records import READINGS, UNREADABLE, Store
from mlbench.runner.scheduling.devices import chosen_devices
from mlbench.runner.worker.cells import cell_id, cell_of
from mlbench.runner.worker.environment import environment
from mlbench.runner.worker.process import worker_variables
from mlbench.suite import Protocol
from mlbench.version import TRAINING_VERSION, UNNAMED

CIRCUMSTANCES = (
    "git_commit",
    "git_dirty",
    "cpu",
    "cpu_instructions",
    "cpu_flags",
    "device",
    "driver",
    "cuda",
)
"""Of a record's environment, what is set beside the present one; its packages are too."""


@dataclass(frozen=True)
class NumberDifference:
    """A number that is another here than in the record; None where one of the two lacks it."""

    reading: str
    """"metrics", "probe_metrics" or "floor_metrics"."""
    split: str
    key: str
    recorded: float | None
    here: float | None


@dataclass(frozen=True)
class Replay:
    """What became of a recorded cell here."""

    record: Mapping[str, Any]
    compared: int
    """How many numbers the record and this training have between them."""
    differences: tuple[NumberDifference, ...]
    """Those that differ, the largest difference first; one that is missing before all."""
    circumstances: tuple[str, ...]
    """What is another here than where the record was made, and may be why."""


def replay(
    record: Mapping[str, Any],
    *,
    store: Store | None = None,
    device: str | None = None,
    data_root: Path | None = None,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> Replay:
    """Train the cell of a record as it was trained, and compare the numbers. Raises what the cell raises.

    `device` is as in `--device`, and that of the record where None: the CPU, or a CUDA device. `store` tells how
    precisely scores were kept. Threads are those of the record. Call it before torch is loaded: what a worker finds in
    its environment is set here.
    """
    made_on = record.get("environment") or {}
    devices = chosen_devices(device or ("cpu" if made_on.get("device") in (None, "cpu") else "cuda"))
    threads = int(made_on.get("threads") or 1)
    shown = {"CUDA_VISIBLE_DEVICES": devices[0].uuid if devices else ""}
    os.environ.update({**worker_variables(threads, os.environ), **shown})
    import torch

    from mlbench import datasets
    from mlbench.training import run_cell

    torch.set_num_threads(threads)
    description = record["cell"]
    try:
        train = {**Protocol.before(), **description["train"]}
        cell = cell_of(str(record.get("suite", "")), {**description, "train": train})
    except (TypeError, KeyError, ValueError) as error:
        raise DataError(f"record {record['id']}: its cell cannot be built from it: {error}") from error
    dataset = datasets.load(cell.loader, cell.dataset_parameters, name=cell.dataset, data_root=data_root)
    here = environment(
        device=devices[0].model if devices else "cpu",
        driver=devices[0].driver if devices else None,
        cuda=torch.version.cuda if devices else None,
        threads=threads,
    )
    circumstances = [*_other_cell(record, cell_id(cell, dataset.fingerprint), dataset.fingerprint)]
    circumstances += _other_environment(made_on, here)
    result = run_cell(
        cell,
        dataset,
        device="cuda:0" if devices else "cpu",
        micro_batch=_micro_batch(record),
        on_progress=on_progress,
        scores="float16" if store is not None and _kept_half(store, str(record["id"])) else "float32",
    )
    compared, differences = compare(record, result.parts)
    return Replay(record, compared, differences, tuple(circumstances))


def compare(record: Mapping[str, Any], parts: Mapping[str, Any]) -> tuple[int, tuple[NumberDifference, ...]]:
    """How many numbers of a record were looked for in `parts`, and those that differ in any digit. Of a failed record,
    which has none, nothing is compared."""
    if record["status"] == "failed":
        return 0, ()
    then, now = _numbers(record), _numbers(parts)
    keys = sorted(then.keys() | now.keys())
    found = [
        NumberDifference(*key, then.get(key), now.get(key)) for key in keys if then.get(key) != now.get(key)
    ]
    return len(keys), tuple(sorted(found, key=lambda each: -_size(each)))


def _numbers(parts: Mapping[str, Any]) -> dict[tuple[str, str, str], float | None]:
    return {
        (reading, split, key): None if value is None or value != value else float(value)
        for reading in READINGS
        for split, found in (parts.get(reading) or {}).items()
        for key, value in found.items()
    }


def _size(difference: NumberDifference) -> float:
    if difference.here is None or difference.recorded is None:
        return float("inf")
    return abs(difference.here - difference.recorded)


def _micro_batch(record: Mapping[str, Any]) -> int | None:
    """The one that it was trained with, or of a failed cell the last one that was tried."""
    tried = [retry["micro_batch"] for retry in record.get("retries") or () if "micro_batch" in retry]
    return record.get("micro_batch") or (tried[-1] if tried else None)


def _kept_half(store: Store, identifier: str) -> bool:
    """Whether the record's numbers are of scores that were kept as float16."""
    try:
        return bool(store.scores(identifier)["test_logits"].dtype == "float16")
    except UNREADABLE:
        return False


def _other_cell(record: Mapping[str, Any], identifier: str, fingerprint: str) -> list[str]:
    """Why the cell of this code and these data is not the one of the record, where it is not."""
    said = []
    version = (record.get("code") or {}).get("training", UNNAMED)
    if version != TRAINING_VERSION:
        said.append(f"TRAINING_VERSION: {version} in the record, {TRAINING_VERSION} here")
    recorded = (record.get("dataset") or {}).get("fingerprint")
    if recorded not in (None, fingerprint):
        said.append(f"dataset: its fingerprint is {recorded} in the record, {fingerprint} here")
    if not said and identifier != record["id"]:
        said.append(
            f"cell: its id is {record['id']} in the record, {identifier} here, as of another version of its loss"
        )
    return said


def _other_environment(then: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    keys = [key for key in CIRCUMSTANCES if key in then]
    said = [
        f"{key}: {then[key]} in the record, {here.get(key)} here"
        for key in keys
        if then[key] != here.get(key)
    ]
    packages, present = then.get("packages") or {}, here["packages"]
    said += [
        f"{name}: {version} in the record, {present.get(name, 'none')} here"
        for name, version in packages.items()
        if present.get(name) != version
    ]
    return said
