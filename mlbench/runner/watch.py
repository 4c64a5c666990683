"""The front's eye on the store: counts records as they appear, shows them, and says when to stop."""

from __future__ import annotations

import os
import queue
import threading
import time
from types import TracebackType

from mlbench.records import Store
from mlbench.runner.breaker import Breaker
from mlbench.runner.claims import claims
from mlbench.runner.progress import Reporter
from mlbench.runner.tally import Tally
from mlbench.runner.work import Job, Work, stamp

LOOK = 0.25
"""Seconds between two looks, or ten times what a look takes where that is more."""
IDLE = 20.0
"""Seconds without a claimed cell after which it is said that the slots wait."""


class Watch:
    """A thread beside the engine, for as long as the `with` lasts. It learns of everything from the store,
    so it needs nothing of the engine, and sees cells that another run finishes too.

    reason: why it stopped the run, if it did.
    """

    def __init__(self, job: Job, reporter: Reporter) -> None:
        self.tally, self.reason = Tally(len(job.work)), ""
        self._job, self._reporter, self._breaker = job, reporter, Breaker()
        self._pending = {work.store: dict[str, Work]() for work in job.work}
        for work in job.work:
            self._pending[work.store][f"{work.id}.json"] = work
        self._notes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._over = threading.Event()
        self._busy: float | None = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def note(self, text: str) -> None:
        """Have a line shown; may be called from a signal handler."""
        self._notes.put(text)

    def __enter__(self) -> Watch:
        self._reporter.begin(self.tally)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._look()
        self.tally.running = []
        self._reporter.end(self.tally)

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            self._look()
            if self._over.wait(max(LOOK, 10 * (time.monotonic() - began))):
                return

    def _look(self) -> None:
        self._job.lifeline.beat()
        self.tally.running = []
        for store, pending in self._pending.items():
            new = [name for name in _names(store) & pending.keys() if pending[name].finished()]
            for work in sorted(
                (pending.pop(name) for name in new), key=lambda work: stamp(store, work.id) or ()
            ):
                self._saw(work)
            self.tally.running += [
                about for identifier, about in claims(store) if f"{identifier}.json" in pending
            ]
        self._say_that_it_waits()
        while not self._notes.empty():
            self._reporter.note(self._notes.get())
        self._reporter.look(self.tally)

    def _say_that_it_waits(self) -> None:
        """A claim is made before a worker is started, so where there is none no slot has a device yet."""
        if self.tally.running:
            self._busy = time.monotonic()
        elif self._busy is not None and time.monotonic() - self._busy > IDLE:
            self._busy = None
            self.note("no cell runs: the slots wait for a free device, or for a worker of the cluster")

    def _saw(self, work: Work) -> None:
        record = work.store.read(work.id)
        self.tally.count(record)
        self._reporter.finished(record, self.tally)
        broken = self._breaker.saw(record)
        if self._job.fail_fast and record["status"] == "failed":
            broken = broken or f"--fail-fast: {record['error']['message']}"
        if broken and not self.reason:
            self.reason = broken
            self._job.lifeline.finish_up()
            self._reporter.note(f"stopping: {broken}")


def _names(store: Store) -> set[str]:
    """Empty where somebody has removed the results meanwhile: then the slots find their lifeline gone and stop."""
    try:
        with os.scandir(store.cells_folder) as entries:
            return {entry.name for entry in entries}
    except FileNotFoundError:
        return set()
