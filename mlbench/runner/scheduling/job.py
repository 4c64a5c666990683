"""What a run hands to its slots: the cells still to do, and the terms under which they are done."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbench.records import SCHEMA, Store
from mlbench.runner.scheduling.plugins import Plugin
from mlbench.runner.scheduling.run_lock import RunLock
from mlbench.runner.worker.environment import now
from mlbench.suite import Cell
from mlbench.version import TRAINING_VERSION

if TYPE_CHECKING:
    from mlbench.runner.scheduling.finals import Waiting

Stamp = tuple[int, int]


@dataclass(frozen=True)
class Work:
    """A cell that is to be done.

    data: what is equal for cells on the same data. scores: how they are kept. before: the stamp of the record
    that is to be replaced, None where there is none. per_sample, source_hash: as the loss's source has them.
    """

    cell: Cell
    id: str
    store: Store
    data: str
    scores: str
    before: Stamp | None
    per_sample: bool
    source_hash: str

    def finished(self) -> bool:
        """Whether a record has been written since the run was planned, by whomever."""
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

    def record(self, **rest: Any) -> dict[str, Any]:
        """A record of this cell: what is known of it before it runs, then `rest`."""
        return {
            "schema": SCHEMA,
            "id": self.id,
            "suite": self.cell.suite,
            "cell": self.cell.describe(),
            "code": {"loss_source": self.source_hash, "training": TRAINING_VERSION},
            **rest,
        }


@dataclass(frozen=True)
class Job:
    """What every slot of a run is told.

    waiting: cells that become work once the trials that decide their values are over.
    slots_at: those of each place, which share its cores (`cores`).
    time_limit: for all cells, in place of their own.
    checkpoint_every: seconds; None for no checkpoints.
    folder, variables: where workers are started, and what they find in their environment on any host.
    """

    run_lock: RunLock
    work: tuple[Work, ...]
    waiting: tuple[Waiting, ...]
    device: str
    slots_per_device: int
    slots_at: Mapping[str, int]
    time_limit: float | None
    memory_limit: int | None
    fail_fast: bool
    checkpoint_every: float | None
    plugins: tuple[Plugin, ...]
    data_root: Path | None
    folder: Path
    variables: Mapping[str, str]
    cell_function: str


def stamp(store: Store, identifier: str) -> Stamp | None:
    """Time and size of a cell's own record; None where there is none."""
    try:
        status = store.cell_file(identifier).stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


def see_anew(store: Store) -> None:
    """Open the folder of records, so that a network file system asks its server what is in it now."""
    os.close(os.open(store.cells_folder, os.O_RDONLY))
