"""The front's eye on the store: counts records as they appear, shows them, and says when to stop.

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
from mlbench.runner.scheduling.job import Job, Work, stamp
from mlbench.runner.scheduling.locks import HEARTBEAT, cell_locks

LOOK = 0.25
"""Seconds between two looks, or ten times what a look takes where that is more."""
IDLE = 20.0
"""Seconds without a locked cell after which it is said that the slots wait."""


class Watch:
    """Two threads beside the engine, for as long as the `with` lasts. They learn of everything from the store,
    so they need nothing of the engine, and see cells that another run finishes too. What cannot be read now is
    looked at again.

    reason: why it stopped the run, if it did.
    """

    def __init__(self, job: Job, reporter: Reporter) -> None:
        self.tally, self.reason = Tally(len(job.work) + sum(len(each.finals) for each in job.waiting)), ""
        self._job, self._reporter, self._breaker = job, guarded(reporter), Breaker()
        self._pending: dict[Store, dict[str, Work]] = {}
        self._add(job.work)
        self._waiting = list(job.waiting)
        self._notes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._over = threading.Event()
        self._troubles = set[str]()
        self._busy: float | None = time.monotonic()
        self._threads = [
            threading.Thread(target=self._run, name="watch", daemon=True),
            threading.Thread(target=self._beat, name="beat", daemon=True),
        ]

    def note(self, text: str) -> None:
        """Have a line shown; may be called from a signal handler."""
        self._notes.put(text)

    def __enter__(self) -> Watch:
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
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._look()
        self.tally.running = []
        self._reporter.end(self.tally)

    def _add(self, found: Iterable[Work]) -> None:
        for work in found:
            self._pending.setdefault(work.store, {})[f"{work.id}.json"] = work

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT):
            self._job.run_lock.heartbeat()

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            self._look()
            if self._over.wait(max(LOOK, 10 * (time.monotonic() - began))):
                return

    def _look(self) -> None:
        try:
            self._see_choices()
            for store, pending in self._pending.items():
                self._see_records(store, pending)
            self._see_claims()
        except Exception as error:
            # Whatever it was, who stops a broken suite and says that the front lives must not end by it.
            self._say_once(f"the results cannot be looked at now: {type(error).__name__}: {error}")
        self._say_that_it_waits()
        while not self._notes.empty():
            self._reporter.note(self._notes.get())
        self._reporter.look(self.tally)

    def _see_claims(self) -> None:
        self.tally.running = [
            about
            for store, pending in self._pending.items()
            for identifier, about in cell_locks(store)
            if f"{identifier}.json" in pending
        ]

    def _see_records(self, store: Store, pending: dict[str, Work]) -> None:
        new = [name for name in _names(store) & pending.keys() if pending[name].finished()]
        for name in sorted(new, key=lambda name: stamp(store, pending[name].id) or ()):
            try:
                record = store.read(pending[name].id)
            except (DataError, KeyError, OSError) as error:
                self._say_once(f"a record cannot be read now: {error}")
                continue
            del pending[name]
            self._saw(record)

    def _see_choices(self) -> None:
        """Cells whose values have just been decided; those that there is a record of already are not to be done."""
        for waiting in [waiting for waiting in self._waiting if waiting.over()]:
            work = waiting.work()
            self._waiting.remove(waiting)
            self._add(work)
            self.tally.total -= len(waiting.finals) - len(work)

    def _say_that_it_waits(self) -> None:
        """A lock is made before a worker is started, so where there is none no slot has a device yet."""
        if self.tally.running:
            self._busy = time.monotonic()
        elif self._busy is not None and time.monotonic() - self._busy > IDLE:
            self._busy = None
            self.note("no cell runs: the slots wait for a free device, or for a worker of the cluster")

    def _saw(self, record: Mapping[str, Any]) -> None:
        self.tally.count(record)
        self._reporter.finished(record, self.tally)
        broken = self._breaker.saw(record)
        if self._job.fail_fast and record["status"] == "failed":
            broken = broken or f"--fail-fast: {record['error']['message']}"
        if broken and not self.reason:
            self.reason = broken
            self._job.run_lock.finish_up()
            self._reporter.note(f"stopping: {broken}")

    def _say_once(self, trouble: str) -> None:
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
