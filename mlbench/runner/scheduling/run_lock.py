"""Two files by which a run's driver, its slots and other terminals know of each other.

While `run-….take` is there the slots take further cells; while `run-….keep` is there, and its owner is
alive, they go on with what they have. To stop is to remove them: that needs no room on a full disk and no
connection to another host, and a driver that was killed outright stops its slots all the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlbench.errors import DataError
from mlbench.records import Store
from mlbench.runner.scheduling.locks import is_stale, read_lock
from mlbench.runner.scheduling.owner import Owner


@dataclass(frozen=True)
class RunLock:
    """The lock of one run, in the store of its first suite."""

    store: Store
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    """A random name."""
    owner: Owner = field(default_factory=Owner.this_process)
    """The run's driver."""

    @property
    def _take(self) -> Path:
        return self.store.locks_folder / f"run-{self.run}.take"

    @property
    def _keep(self) -> Path:
        return self.store.locks_folder / f"run-{self.run}.keep"

    def start(self, about: Mapping[str, Any]) -> None:
        """Write both files; `about` is what `status` reads. Raises DataError where the disk refuses."""
        content = json.dumps({"owner": self.owner.describe(), "token": self.run, **about})
        try:
            self._keep.write_text(content + "\n", encoding="utf-8")
            self._take.write_text(content + "\n", encoding="utf-8")
        except OSError as error:
            self.stop()
            raise DataError(f"{self.store.folder}: a run cannot start here: {error.strerror}") from error

    def heartbeat(self) -> None:
        """Say that the driver is there."""
        with contextlib.suppress(OSError):
            os.utime(self._keep)

    def taking(self) -> bool:
        """Whether the slots may take another cell."""
        return self._take.exists() and self.keeping()

    def keeping(self) -> bool:
        """Whether the slots may go on with what they have."""
        owner = {"owner": self.owner.describe()}
        return self._keep.exists() and not is_stale(self._keep, owner, self.store)

    def finish_up(self) -> None:
        """What runs is finished; nothing new is taken."""
        self._take.unlink(missing_ok=True)

    def stop(self) -> None:
        """What runs is stopped and done again by the next run."""
        self._take.unlink(missing_ok=True)
        self._keep.unlink(missing_ok=True)


def live_runs(store: Store) -> Iterator[dict[str, Any]]:
    """What every run that is alive in a store said of itself when it started."""
    for file in sorted(store.locks_folder.glob("run-*.keep")):
        content = read_lock(file)
        if content and not is_stale(file, content, store):
            yield content
