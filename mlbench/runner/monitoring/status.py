"""What stands in a results folder right now, runs in progress included; read from files alone."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from mlbench.plain_text import fit
from mlbench.records import RecordError, Store, stores
from mlbench.records.codec import decode_head
from mlbench.records.packed import read_packed
from mlbench.records.store import own
from mlbench.runner.monitoring.failures import reason
from mlbench.runner.monitoring.tally import Best
from mlbench.runner.scheduling.locks import cell_locks
from mlbench.runner.scheduling.run_lock import live_runs
from mlbench.runner.worker.environment import now
from mlbench.version import TRAINING_VERSION, UNNAMED

_METRICS = b'"metrics": {"validation": {'
_MAP = re.compile(rb'"map": (-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)[,}\s]')
_START = 1 << 14
"""Bytes of a record that are read first."""


@dataclass
class FailureGroup:
    """Cells that failed of one and the same reason, and the record of one of them."""

    reason: str
    record: str
    cells: int = 0


@dataclass
class SuiteStatus:
    """One suite's folder."""

    name: str
    done: int = 0
    older: int = 0
    """The finished cells of an older TRAINING_VERSION, which have no say in who is best."""
    failed: dict[str, int] = field(default_factory=dict)
    """By class. No Counter: `asdict` of one counts pairs."""
    failures: dict[str, FailureGroup] = field(default_factory=dict)
    """By reason."""
    running: list[dict[str, Any]] = field(default_factory=list)
    """What the locks say of the cells that are being trained."""
    best: dict[str, Best] = field(default_factory=dict)
    """By dataset."""
    problems: list[str] = field(default_factory=list)
    """Files that are no records, each with what is wrong."""


@dataclass(frozen=True)
class RunStatus:
    """A run in progress."""

    suites: tuple[str, ...]
    host: str
    """Of its driver."""
    started: str
    cells: int
    """That it set out to do."""
    finished: int
    """Those that have a record by now."""
    left: float | None
    """Seconds, if the rest takes as long as these; None before the first."""


@dataclass(frozen=True)
class Status:
    """The suites of a results folder and the runs that work on them."""

    suites: tuple[SuiteStatus, ...]
    runs: tuple[RunStatus, ...]


def status(results: Path) -> Status:
    """Read a results root or one suite's folder; raises DataError where there are no results."""
    suites, recent, running = [], Counter[str](), []
    for store in stores(results):
        running += list(live_runs(store))
    since = {about["token"]: str(about.get("started", "")) for about in running}
    for store in stores(results):
        suite = SuiteStatus(fit(store.folder.name), running=[about for _, about in cell_locks(store)])
        for record in _outlines(store):
            if isinstance(record, RecordError):
                suite.problems.append(str(record))
                continue
            _count(suite, record)
            for about in running:
                if suite.name in about["suites"] and str(record.get("finished", "")) >= since[about["token"]]:
                    recent[about["token"]] += 1
        suites.append(suite)
    return Status(tuple(suites), tuple(_run(about, recent[about["token"]]) for about in running))


def _count(suite: SuiteStatus, record: dict[str, Any]) -> None:
    if record["status"] == "failed":
        kind = record["error"]["class"]
        suite.failed[kind] = suite.failed.get(kind, 0) + 1
        why = reason(record)
        suite.failures.setdefault(why, FailureGroup(why, record["file"])).cells += 1
        return
    suite.done += 1
    if (record.get("code") or {}).get("training", UNNAMED) < TRAINING_VERSION:
        suite.older += 1
        return
    cell, value = record["cell"], record["map"]
    earlier = suite.best.get(cell["dataset"])
    if value is not None and (earlier is None or value > earlier.value):
        suite.best[cell["dataset"]] = Best(value, cell["loss"]["id"], cell["fraction"])


def _run(about: dict[str, Any], finished: int) -> RunStatus:
    started, cells = str(about["started"]), int(about["cells"])
    passed = (datetime.fromisoformat(now()) - datetime.fromisoformat(started)).total_seconds()
    left = passed / finished * max(0, cells - finished) if finished else None
    return RunStatus(tuple(about["suites"]), about["owner"]["host"], started, cells, finished, left)


def _outlines(store: Store) -> Iterator[dict[str, Any] | RecordError]:
    """The head of every record, as `map` its mean average precision on validation, and as `file` where it lies."""
    seen = set()
    told = list[str]()
    for path in store.own_files(told):
        try:
            with path.open("rb", buffering=0) as file:
                outline = own(_outline(file, path), path)
        except RecordError as error:
            yield error
        except OSError as error:
            yield RecordError(f"{path}: cannot be read: {error.strerror}")
        else:
            seen.add(outline["id"])
            yield outline
    yield from map(RecordError, told)
    try:
        for text in read_packed(store.packed_file, "record") if store.packed_file.exists() else ():
            try:
                outline = _outline(io.BytesIO(str(text).encode()), store.packed_file)
            except RecordError as error:
                yield error
                continue
            if outline["id"] not in seen:
                yield outline
    except RecordError as error:
        yield error


def _outline(file: IO[bytes], where: Path) -> dict[str, Any]:
    """The first line of a record, and one number of the second, which is long and near whose start it is."""
    content = file.read(_START)
    if _METRICS not in content or b"}" not in content.partition(_METRICS)[2]:
        # What stands before it grows with the labels: of some hundreds it ends after the first part, or in the midst.
        content += file.read()
    first, _, rest = content.partition(b"\n")
    validation = rest.partition(_METRICS)[2].partition(b"}")[0]
    found = _MAP.search(validation + b"}")
    return {**decode_head(first, where), "map": float(found[1]) if found else None, "file": str(where)}
