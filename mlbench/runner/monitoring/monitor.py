"""The driver's monitor of the store: counts records as they appear, shows them, and says when to stop.

Beside it the run's lock has its heartbeat at a pace of its own, however long that takes.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from mlbench.errors import DataError
from mlbench.records import Store
from mlbench.runner.monitoring.failures import Breaker
from mlbench.runner.monitoring.guarded import guarded
from mlbench.runner.monitoring.reporters import Reporter
from mlbench.runner.monitoring.tally import Tally
from mlbench.runner.scheduling.job import CellTask, RunJob, stamp
from mlbench.runner.scheduling.locks import HEARTBEAT, cell_locks

INTERVAL = 0.25
"""Seconds between two updates, or ten times what one takes where that is more."""
IDLE = 20.0
"""Seconds without a locked cell after which it is said that the slots wait."""


class Monitor:
    """Two threads beside the engine, for as long as the `with` lasts. They learn of everything from the store,
    so they need nothing of the engine, and find cells that another run finishes too. What cannot be read now is
    read again later.

    tally: where the run stands. reason: why it stopped the run, if it did.
    """

    def __init__(self, job: RunJob, reporter: Reporter) -> None:
        self.tally, self.reason = Tally(len(job.tasks) + sum(len(each.finals) for each in job.waiting)), ""
        self._job, self._reporter, self._breaker = job, guarded(reporter), Breaker()
        self._pending: dict[Store, dict[str, CellTask]] = {}
        self._add(job.tasks)
        self._waiting = list(job.waiting)
        self._notes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._troubles = set[str]()
        self._busy: float | None = time.monotonic()
        self._threads = [
            threading.Thread(target=self._poll, name="monitor", daemon=True),
            threading.Thread(target=self._heartbeat, name="heartbeat", daemon=True),
        ]

    def note(self, text: str) -> None:
        """Have a line shown; may be called from a signal handler."""
        self._notes.put(text)

    def __enter__(self) -> Monitor:
        self._reporter.begin(self.tally)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._update()
        self.tally.running = []
        self._reporter.end(self.tally)

    def _add(self, found: Iterable[CellTask]) -> None:
        for task in found:
            self._pending.setdefault(task.store, {})[f"{task.id}.json"] = task

    def _heartbeat(self) -> None:
        while not self._ended.wait(HEARTBEAT):
            self._job.run_lock.heartbeat()

    def _poll(self) -> None:
        while True:
            began = time.monotonic()
            self._update()
            if self._ended.wait(max(INTERVAL, 10 * (time.monotonic() - began))):
                return

    def _update(self) -> None:
        try:
            self._find_chosen()
            for store, pending in self._pending.items():
                self._find_records(store, pending)
            self._find_running()
        except Exception as error:
            # Whatever it was: this thread stops a broken suite, so it must not end by it.
            self._note_once(f"the results cannot be read now: {type(error).__name__}: {error}")
        self._note_waiting()
        while not self._notes.empty():
            self._reporter.note(self._notes.get())
        self._reporter.update(self.tally)

    def _find_running(self) -> None:
        self.tally.running = [
            about
            for store, pending in self._pending.items()
            for identifier, about in cell_locks(store)
            if f"{identifier}.json" in pending
        ]

    def _find_records(self, store: Store, pending: dict[str, CellTask]) -> None:
        new = [name for name in _names(store) & pending.keys() if pending[name].finished()]
        for name in sorted(new, key=lambda name: stamp(store, pending[name].id) or ()):
            try:
                record = store.read(pending[name].id)
            except (DataError, KeyError, OSError) as error:
                self._note_once(f"a record cannot be read now: {error}")
                continue
            del pending[name]
            self._count(record)

    def _find_chosen(self) -> None:
        """Cells whose values have just been decided; those that there is a record of already are not to be done."""
        for waiting in [waiting for waiting in self._waiting if waiting.finished()]:
            tasks = waiting.tasks()
            self._waiting.remove(waiting)
            self._add(tasks)
            self.tally.total -= len(waiting.finals) - len(tasks)

    def _note_waiting(self) -> None:
        """A lock is made before a worker is started, so where there is none no slot has a device yet."""
        if self.tally.running:
            self._busy = time.monotonic()
        elif self._busy is not None and time.monotonic() - self._busy > IDLE:
            self._busy = None
            self.note("no cell runs: the slots wait for a free device, or for a worker of the cluster")

    def _count(self, record: Mapping[str, Any]) -> None:
        self.tally.count(record)
        self._reporter.finished(record, self.tally)
        broken = self._breaker.count(record)
        if self._job.fail_fast and record["status"] == "failed":
            broken = broken or f"--fail-fast: {record['error']['message']}"
        if broken and not self.reason:
            self.reason = broken
            self._job.run_lock.finish_up()
            self._reporter.note(f"stopping: {broken}")

    def _note_once(self, trouble: str) -> None:
        if trouble not in self._troubles:
            self._troubles.add(trouble)
            self.note(trouble)


def _names(store: Store) -> set[str]:
    """Empty where somebody has removed the results meanwhile: then the slots find the run's lock gone and stop."""
    try:
        with os.scandir(store.cells_folder) as entries:
            return {entry.name for entry in entries}
    except FileNotFoundError:
        return set()
