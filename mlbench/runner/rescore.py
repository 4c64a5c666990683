"""All metrics of finished cells anew, from the scores that they kept: nothing is trained."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import joblib

from mlbench.ending import deaf_children
from mlbench.errors import DataError, MlbenchError
from mlbench.metrics.catalog import VERSION, metric_info
from mlbench.plain_text import said
from mlbench.records import UNREADABLE, Store, stores
from mlbench.registry import load_plugins
from mlbench.runner.scheduling.job import stamp
from mlbench.safe_path import guard_children

if TYPE_CHECKING:
    import numpy as np

    Scores = dict[str, np.ndarray]

READINGS = (("metrics", "logits", "bootstrap"), ("probe_metrics", "probe_logits", "probe_bootstrap"))
"""Each reading of a record, the scores that it is of, and where their replicates are kept."""


@dataclass(frozen=True)
class Rescored:
    """What became of one record: rewritten, found as it was, or left alone for a reason; "unfinished" is a
    failed cell's."""

    folder: Path
    id: str
    outcome: Literal["changed", "same", "left", "unfinished"]
    reason: str = ""


def rescore(
    results: Path,
    *,
    metrics: Sequence[str] = (),
    jobs: int | None = None,
    plugins: Sequence[Path] = (),
    on_record: Callable[[Rescored, int, int], None] | None = None,
) -> list[Rescored]:
    """Recompute every metric of every finished cell under `results`, or only those named; in parallel.

    A record whose numbers change is rewritten, whole or not at all, and so are its bootstrap replicates; it
    then names the version of the metrics. A cell that kept no scores, or whose scores or record cannot be
    read, is left alone with the reason. `on_record` hears of each record, how many are done, and how many
    there are. `plugins` hold the metrics that are not built in; every process loads them. Raises DataError
    where there are no results, UnknownNameError for an unknown metric.
    """
    guard_children()
    load_plugins(plugins)
    names = frozenset(metric_info(name).name for name in metrics)
    places = [(store, identifier) for store in stores(results) for identifier in sorted(store.ids())]
    workers = max(1, min(jobs or joblib.cpu_count(), len(places)))
    parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")
    done: list[Rescored] = []
    with deaf_children([signal.SIGINT]):
        # loky starts its processes here, and a Ctrl-C would have them say where they stood.
        outcomes = parallel(
            joblib.delayed(_rescore)(store, identifier, names, tuple(plugins)) for store, identifier in places
        )
    for outcome in outcomes:
        done.append(outcome)
        if on_record is not None:
            on_record(outcome, len(done), len(places))
    return sorted(done, key=lambda outcome: (outcome.folder, outcome.id))


def _rescore(store: Store, identifier: str, names: frozenset[str], plugins: tuple[Path, ...]) -> Rescored:
    load_plugins(plugins)
    try:
        before = stamp(store, identifier)
        record = store.read(identifier)
        if record["status"] != "done":
            return Rescored(store.folder, identifier, "unfinished")
        kept = _scores(store, identifier)
        fresh, scores = _measured(record, kept, names)
        same_scores = _equal(kept, scores)
        if fresh == record and same_scores:
            return Rescored(store.folder, identifier, "same")
        if stamp(store, identifier) != before:
            raise DataError("another process has written the record meanwhile; rescore again")
        store.write(fresh, None if same_scores else scores)
    except KeyError as error:
        return Rescored(store.folder, identifier, "left", f"the record or its scores lack {error}")
    except (MlbenchError, ValueError) as error:
        return Rescored(store.folder, identifier, "left", str(error))
    except (TypeError, AttributeError, IndexError) as error:
        # What its record or its scores hold is of another kind than it should be.
        return Rescored(
            store.folder, identifier, "left", f"the record and its scores do not fit: {said(error)}"
        )
    return Rescored(store.folder, identifier, "changed")


def _scores(store: Store, identifier: str) -> Scores:
    try:
        return store.scores(identifier)
    except FileNotFoundError:
        raise DataError("the cell kept no scores; train it again to have other metrics") from None
    except UNREADABLE as error:
        raise DataError(f"{store.scores_file(identifier)}: cannot be read: {said(error)}") from None


def _measured(
    record: Mapping[str, Any], kept: Scores, names: frozenset[str]
) -> tuple[dict[str, Any], Scores]:
    """The record with new numbers, and the scores with new replicates."""
    import numpy as np
    import torch

    from mlbench.training.scoring.measure import GroundTruth

    about = record["dataset"]
    truth = GroundTruth(
        kept["validation_targets"],
        kept["test_targets"],
        np.array(about["label_counts"]["train"]),
        np.array(about["seen_counts"]),
        about["sizes"]["train"],
        np.array(about["known_counts"]) if about.get("known_counts") else None,
    )
    numbers = {"floor_metrics": truth.floor(about["sizes"]["rows"])}
    replicates: Scores = {}
    for reading, scores, prefix in READINGS:
        if f"test_{scores}" in kept:
            logits = [torch.from_numpy(kept[f"{split}_{scores}"]) for split in ("validation", "test")]
            threshold = record["threshold"][reading]
            numbers[reading] = truth.measure(logits[0], logits[1], threshold)
            if (record["cell"].get("train") or {}).get("bootstrap", True):
                replicates |= truth.replicates(logits[0], logits[1], threshold, prefix)
    if not names:
        bare = {key: array for key, array in kept.items() if "bootstrap/" not in key}
        return {**record, **numbers, "metrics_version": VERSION}, {**bare, **replicates}
    merged = {reading: _merge(record[reading], new, names) for reading, new in numbers.items()}
    chosen = {key: array for key, array in replicates.items() if _name(key.split("/", 1)[1]) in names}
    return {**record, **merged}, {**kept, **chosen}


def _merge(
    old: Mapping[str, Mapping[str, float]], new: Mapping[str, Mapping[str, float]], names: frozenset[str]
) -> dict[str, dict[str, float]]:
    """Per split the old numbers, those of the metrics `names` replaced."""
    return {
        split: {key: number for key, number in old[split].items() if _name(key) not in names}
        | {key: number for key, number in new[split].items() if _name(key) in names}
        for split in new
    }


def _name(key: str) -> str:
    return key.partition("/")[0].partition("@")[0]


def _equal(old: Scores, new: Scores) -> bool:
    import numpy as np

    return old.keys() == new.keys() and all(
        np.array_equal(old[key], new[key], equal_nan=new[key].dtype.kind == "f") for key in new
    )
