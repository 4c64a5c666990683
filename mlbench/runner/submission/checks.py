"""What must hold of records before they stand beside others: each by itself, and all of a suite together."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlbench.code.modules import is_current
from mlbench.errors import MlbenchError
from mlbench.metrics.catalog import COUNT, metric_info, parse_key
from mlbench.records import READINGS
from mlbench.registry import LOSSES
from mlbench.runner.worker.cells import cell_id, cell_of
from mlbench.suite import untuned
from mlbench.version import TRAINING_VERSION

Record = Mapping[str, Any]
NOT_SHARED = ("threads", "time_limit", "seed_shift")
"""Keys of `[train]` that may differ between the losses of a dataset: they give none an advantage."""


@dataclass(frozen=True)
class Fault:
    """One thing that does not hold."""

    where: str
    """The id of the record, or the dataset that records disagree on."""
    what: str


def check_records(records: Sequence[Record]) -> list[Fault]:
    """All that is wrong with the records of one suite."""
    faults = [Fault(str(record.get("id")), what) for record in records for what in _alone(record)]
    whole = [record for record in records if not any(fault.where == record.get("id") for fault in faults)]
    return [*faults, *_of_fingerprints(whole), *_of_budgets(whole), *_of_gaps(whole)]


def _alone(record: Record) -> Iterator[str]:
    """Of one record."""
    schema = _of_schema(record)
    if schema:
        yield schema
        return
    try:
        yield from _of_code(record)
    except (MlbenchError, KeyError, TypeError, ValueError) as error:
        yield f"its cell cannot be made here: {error}"
        return
    if record["status"] == "done":
        yield from _of_ranges(record)


def _of_schema(record: Record) -> str:
    """What of a record does not fit the schema; empty where all does."""
    from pydantic import TypeAdapter, ValidationError

    from mlbench.records.schema import Record as Schema

    try:
        TypeAdapter(Schema).validate_python(record)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    if record["status"] == "done" and not record.get("dataset"):
        return "dataset: it says nothing of its data"
    return ""


def _of_code(record: Record) -> Iterator[str]:
    """Whether this mlbench would make this record: its protocol, its loss, its id."""
    version = record["code"].get("training")
    if version != TRAINING_VERSION:
        yield f"it is of TRAINING_VERSION {version}, now {TRAINING_VERSION}: train it again"
        return
    cell = cell_of(str(record["suite"]), record["cell"])
    declared = LOSSES.describe(cell.loss.name)
    if declared.origin == "built in" and not is_current(declared, record["code"].get("loss_source")):
        yield f"its loss {cell.loss.name!r} is another by now: `mlbench run --rerun stale` trains it again"
    if record["environment"].get("git_dirty"):
        yield "it was made by a checkout with changes that no commit holds"
    if record["status"] == "done" and cell_id(cell, record["dataset"]["fingerprint"]) != record["id"]:
        yield "its id is not that of what it says was trained"


def _of_ranges(record: Record) -> Iterator[str]:
    """Numbers that a metric cannot have."""
    for reading in READINGS:
        for split, numbers in (record.get(reading) or {}).items():
            for key, value in numbers.items():
                try:
                    name = parse_key(key).name
                except MlbenchError as error:
                    yield f"{reading}, {split}: {error}"
                    continue
                low, high = (0.0, None) if name == COUNT else metric_info(name).bounds
                outside = (low is not None and value < low - 1e-6) or (
                    high is not None and value > high + 1e-6
                )
                if not math.isfinite(value) or outside:
                    yield f"{reading}, {split}, {key}: {value:g} is no value of it"


def _of_fingerprints(records: Iterable[Record]) -> Iterator[Fault]:
    """Datasets of which records saw different data."""
    seen: dict[str, set[str]] = defaultdict(set)
    for record in records:
        if record["status"] == "done":
            seen[record["cell"]["dataset"]].add(record["dataset"]["fingerprint"])
    for dataset, found in sorted(seen.items()):
        if len(found) > 1:
            yield Fault(
                dataset, f"its records are of {len(found)} different data: {', '.join(sorted(found))}"
            )


def _of_budgets(records: Iterable[Record]) -> Iterator[Fault]:
    """Datasets on which losses had different protocols, updates or numbers of trials."""
    protocols: dict[tuple[str, float], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        cell = record["cell"]
        trial = cell.get("trial")
        if trial and not trial["final"]:
            continue
        train = {key: value for key, value in untuned(cell)["train"].items() if key not in NOT_SHARED}
        steps = record["history"]["steps"] if record["status"] == "done" else None
        trials = trial["of"] if trial else 0
        found = protocols[cell["dataset"], cell["fraction"]]
        found["protocols"].add(json.dumps(train, sort_keys=True))
        found["numbers of trials"].add(str(trials))
        if steps is not None and not trial:
            found["numbers of updates"].add(str(steps))
    for (dataset, fraction), kinds in sorted(protocols.items()):
        for kind, values in kinds.items():
            if len(values) > 1:
                yield Fault(
                    dataset, f"at fraction {fraction:g} its losses had {len(values)} different {kind}"
                )


def _of_gaps(records: Iterable[Record]) -> Iterator[Fault]:
    """Cells that some losses have a record of and others not."""
    there: dict[str, dict[tuple[float, int], set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        cell = record["cell"]
        if not cell.get("trial") or cell["trial"]["final"]:
            there[cell["dataset"]][cell["fraction"], cell["seed"]].add(cell["loss"]["id"])
    losses = {loss for places in there.values() for found in places.values() for loss in found}
    for dataset, places in sorted(there.items()):
        for (fraction, seed), found in sorted(places.items()):
            if missing := sorted(losses - found):
                yield Fault(
                    dataset,
                    f"at fraction {fraction:g}, seed {seed} there is no record of {', '.join(missing)}, not even of a "
                    "failure",
                )
