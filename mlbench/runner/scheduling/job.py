"""What a run hands to its slots: the cells still to do, and the terms under which they are done."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mlbench.code.installed import code_digest
from mlbench.records import SCHEMA, Keep, Store
from mlbench.records.schema import CellDescription, Record
from mlbench.runner.scheduling.plugins import Plugin
from mlbench.runner.scheduling.run_lock import RunLock
from mlbench.runner.worker.environment import now
from mlbench.suite import Cell
from mlbench.version import TRAINING_VERSION

if TYPE_CHECKING:
    from mlbench.runner.scheduling.finals import PendingFinals

Stamp = tuple[int, int]


@dataclass(frozen=True)
class CellTask:
    """A cell that is to be trained."""

    cell: Cell
    id: str
    store: Store
    """Where its record goes."""
    data: str
    """The fingerprint of its dataset: equal for cells on the same data."""
    keep: Keep
    """What of it is kept beside the record."""
    before: Stamp | None
    """The stamp of the record that is to be replaced; None where there is none."""
    per_sample: bool
    """Whether its loss may be accumulated over micro-batches."""
    source_hash: str
    """Of its loss's code."""
    plugin: str = ""
    """Whose code it runs beside mlbench's (`Cell.loose`)."""

    def finished(self) -> bool:
        """Whether a record has been written since the run was planned, by this run or another."""
        return stamp(self.store, self.id) not in (None, self.before)

    @property
    def checkpointed(self) -> bool:
        """Whether it stands somewhere in the middle."""
        return self.store.checkpoint_file(self.id).exists()

    def forget_checkpoint(self) -> None:
        """Have the next attempt start anew."""
        self.store.checkpoint_file(self.id).unlink(missing_ok=True)

    def label(self) -> dict[str, Any]:
        """What a lock says of the cell."""
        cell = self.cell
        return {
            "dataset": cell.dataset,
            "fraction": cell.fraction,
            "seed": cell.seed,
            "loss": cell.loss.id,
            "stage": cell.stage,
            "started": now(),
        }

    def record(self) -> Record:
        """What is known of its record before it runs."""
        return {
            "schema": SCHEMA,
            "id": self.id,
            "suite": self.cell.suite,
            "cell": cast(CellDescription, self.cell.describe()),
            "code": {"loss_source": self.source_hash, "training": TRAINING_VERSION},
        }


@dataclass(frozen=True)
class RunJob:
    """What every slot of a run is told."""

    run_lock: RunLock
    tasks: tuple[CellTask, ...]
    """In the order of the plan."""
    waiting: tuple[PendingFinals, ...]
    """They become tasks once the trials that decide their values have finished."""
    device: str
    """As `--device` has it."""
    slots_per_device: int
    slots_at: Mapping[str, int]
    """How many slots share each set of cores (`cores`)."""
    time_limit: float | None
    """Seconds for each cell, in place of its own limit."""
    memory_limit: int | None
    """Bytes of the host's memory for each cell."""
    fail_fast: bool
    """Whether the first failed cell stops the run."""
    checkpoint_every: float | None
    """Seconds between two checkpoints of a cell; None for no checkpoints."""
    plugins: tuple[Plugin, ...]
    data_root: Path | None
    """The folder of datasets, where one is given."""
    folder: Path
    """Where workers are started."""
    variables: Mapping[str, str]
    """What workers find in their environment on any host."""
    cell_function: str
    """`module:function`, called for each cell."""
    code: str = field(default_factory=code_digest)
    """Of the driver's copy of mlbench."""


def stamp(store: Store, identifier: str) -> Stamp | None:
    """Time and size of a cell's own record; None where there is none."""
    try:
        status = store.cell_file(identifier).stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


def refresh_folder(store: Store) -> None:
    """Open the folder of records, so that a network file system asks its server what is in it now."""
    os.close(os.open(store.cells_folder, os.O_RDONLY))
