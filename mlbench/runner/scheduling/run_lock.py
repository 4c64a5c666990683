"""Two files by which a run's driver, its slots and other terminals know of each other.

While `run-….take` is there the slots take further cells; while `run-….keep` is there, and its owner is
alive, they go on with what they have. To stop is to remove them: that needs no room on a full disk and no
connection to another host, and a driver that was killed outright stops its slots all the same.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mlbench.errors import DataError
from mlbench.records import Store
from mlbench.runner.scheduling.locks import HEARTBEAT, has_expired, is_stale, read_lock
from mlbench.runner.scheduling.owner import Owner


@dataclass(frozen=True)
class RunLock:
    """The lock of one run, in the store of its first suite."""

    store: Store
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    """A random name."""
    owner: Owner = field(default_factory=Owner.this_process)
    """The run's driver."""
    _answers: dict[str, tuple[float, bool]] = field(default_factory=dict, repr=False, compare=False)
    """By a file's suffix: when another host's was looked for last, and whether it was there."""

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

    @property
    def trace(self) -> str:
        """What has become of it, where a run ended with cells left and did not stop it: "" where all is there."""
        if not self.store.cells_folder.is_dir():
            return f"the folder {self.store.folder} is gone: somebody has removed or renamed it"
        for file in (self._keep, self._take):
            if not file.exists():
                return f"the run's lock {file} is gone: somebody has removed it"
        return ""

    def unseen(self) -> str:
        """Why a slot cannot see this run from its host; "" where it can."""
        if self._keep.exists():
            return ""
        return (
            f"it does not see the run's lock {self._keep}: the results folder must be on a file system that all hosts "
            "share, under one path"
        )

    def taking(self) -> bool:
        """Whether the slots may take another cell."""
        return self._there(self._take) and self.keeping()

    def keeping(self) -> bool:
        """Whether the slots may go on with what they have."""
        return self._there(self._keep) and self.owner.alive() is not False

    def _there(self, file: Path) -> bool:
        """Whether a file is there, and its driver as far as its heartbeat tells. Slots ask ten times a second: of a
        driver on another host, whose files lie on a shared file system, they look once a heartbeat."""
        if self.owner.alive() is not None:
            return file.exists()
        looked, there = self._answers.get(file.suffix, (-math.inf, False))
        if time.monotonic() - looked >= HEARTBEAT:
            there = file.exists() and not has_expired(self._keep, self.store)
            self._answers[file.suffix] = time.monotonic(), there
        return there

    def finish_up(self) -> None:
        """What runs is finished; nothing new is taken."""
        with contextlib.suppress(OSError):
            self._take.unlink(missing_ok=True)

    def stop(self) -> None:
        """What runs is stopped and done again by the next run."""
        for file in (self._take, self._keep):
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)


def live_runs(store: Store) -> Iterator[dict[str, Any]]:
    """What every run that is alive in a store said of itself when it started."""
    for file in sorted(store.locks_folder.glob("run-*.keep")):
        content = read_lock(file)
        if _is_run(content) and not is_stale(file, content, store):
            yield content


def _is_run(content: Mapping[str, Any]) -> bool:
    """Whether it says what a run's lock says: anything may lie in a folder."""
    try:
        return (
            isinstance(content["token"], str)
            and isinstance(content["cells"], int)
            and all(isinstance(suite, str) for suite in content["suites"])
            and isinstance(content["owner"]["host"], str)
            and datetime.fromisoformat(content["started"]).tzinfo is not None
        )
    except (KeyError, TypeError, ValueError):
        return False
