"""Published cells trained again on this machine: whether the numbers are the same.

Where processor, packages and threads are those of the record, they are to be the same bits. Elsewhere sums round
otherwise, training follows them apart, and a main metric may move by TOLERANCE.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mlbench.errors import DataError
from mlbench.metrics.catalog import MAIN
from mlbench.records import Store, stores
from mlbench.runner.worker.asking import Answer, ask

TOLERANCE = 0.02
"""What a main metric may move by on another processor or with other packages. Five times the most that was measured:
four cells of the study, of an AVX-512 processor, moved by 0.004 at most with the kernels of AVX2 or SSE, and by
nothing with two threads in place of one. Other packages were not measured."""
NO_EXCUSE = ("git_commit", "git_dirty", "cpu", "mlbench", "TRAINING_VERSION", "cell")
"""Circumstances of a cell that is trained again under which its bits are to be the same: all but another processor,
device or package."""

OWN = "mlbench: "
"""What a line of standard error begins with that says why a command cannot be done."""
UNEXCUSED = "processor, packages and threads are those of the record"

Verdict = Literal["same", "close", "differs", "failed", "no data"]


@dataclass(frozen=True)
class Verified:
    """What became of one published cell here."""

    suite: str
    id: str
    cell: str
    """Its dataset, fraction, seed and loss."""
    verdict: Verdict
    """"same": to the last digit. "close": within TOLERANCE, where that is all that can be asked. "differs": neither.
    "failed": it could not be trained. "no data": its data are not on this machine."""
    largest: float = 0.0
    """The largest difference of a main metric."""
    reason: str = ""
    """Why no more can be asked than "close", or what went wrong."""


def verify(
    results: Path,
    *,
    cells: int = 5,
    seed: int | None = None,
    data_root: Path | None = None,
    plugins: Sequence[Path] = (),
    on_cell: Callable[[Verified, int, int], None] | None = None,
) -> list[Verified]:
    """Train a random sample of the finished cells under `results` again, each in a process of its own, and compare.

    `seed` makes the sample the same each time. `on_cell` hears of each cell, how many are done, and how many there are.
    Raises DataError where there are no results, or none that finished.
    """
    places = [
        (store, str(head["id"]))
        for store in stores(results)
        for head in sorted(store.heads(), key=lambda head: str(head["id"]))
        if head["status"] == "done"
    ]
    if not places:
        raise DataError(f"{results}: no finished cell here that could be trained again")
    sample = random.Random(seed).sample(places, min(cells, len(places)))
    found: list[Verified] = []
    for store, identifier in sample:
        found.append(_verify(store, identifier, data_root, plugins))
        if on_cell is not None:
            on_cell(found[-1], len(found), len(sample))
    return found


def _verify(store: Store, identifier: str, data_root: Path | None, plugins: Sequence[Path]) -> Verified:
    record = store.read(identifier)
    cell = record["cell"]
    named = f"{cell['dataset']} · {cell['fraction']:g} · seed {cell['seed']} · {cell['loss']['id']}"
    about = (store.folder.name, identifier, named)
    done = _train(store, identifier, data_root, plugins)
    said = done.reply
    if not isinstance(said, dict):
        lines = [line for line in done.errors if line.strip()] or [f"it ended with {done.code}"]
        own = [line.removeprefix(OWN) for line in lines if line.startswith(OWN)]
        return Verified(*about, "failed", reason=(own or lines)[-1])
    if said.get("no_data"):
        return Verified(*about, "no data", reason=str(said["no_data"]).splitlines()[0])
    if "error" in said:
        return Verified(*about, "failed", reason=str(said["error"]))
    circumstances = {each.partition(":")[0]: str(each) for each in said["circumstances"]}
    if "dataset" in circumstances:
        return Verified(*about, "no data", reason=circumstances["dataset"])
    differences = [each for each in said["differences"] if each["recorded"] is not None]
    if not differences:
        return Verified(*about, "same")
    missing = [each["key"] for each in differences if each["here"] is None]
    largest = max(
        [abs(each["recorded"] - each["here"]) for each in differences if _is_main(each)], default=0.0
    )
    excuse = "; ".join(words for key, words in circumstances.items() if key not in NO_EXCUSE)
    if missing:
        return Verified(*about, "differs", largest, f"there is no {missing[0]} here")
    if excuse and largest <= TOLERANCE:
        return Verified(*about, "close", largest, excuse)
    why = excuse or circumstances.get("TRAINING_VERSION") or circumstances.get("cell") or UNEXCUSED
    return Verified(*about, "differs", largest, why)


def _train(store: Store, identifier: str, data_root: Path | None, plugins: Sequence[Path]) -> Answer:
    """`mlbench cell`, so that a cell that crashes costs itself alone."""
    command = ["-m", "mlbench", "cell", identifier, "--results", str(store.folder), "--json"]
    command += [word for plugin in plugins for word in ("--plugin", str(plugin))]
    command += [] if data_root is None else ["--data-root", str(data_root)]
    return ask(command)


def _is_main(difference: Mapping[str, Any]) -> bool:
    return (
        difference["reading"] != "floor_metrics"
        and difference["key"] in MAIN
        and difference["here"] is not None
    )
