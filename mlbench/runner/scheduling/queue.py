"""The order in which a slot takes cells."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator

from mlbench.runner.scheduling.job import CellTask, RunJob, refresh_folder
from mlbench.runner.scheduling.locks import CellLock

WAIT = 0.5
"""Seconds between two tries of cells that others hold."""


class Queue:
    """The cells of a run that a slot can lock, as the plan orders them, but those on the data that its
    worker holds first (within one seed, so that early answers stay early). What waits for trials joins them once
    these are over."""

    def __init__(self, job: RunJob) -> None:
        self._run_lock = job.run_lock
        self._groups: dict[tuple[int, str], deque[CellTask]] = {}
        self._add(job.tasks)
        self._waiting = list(job.waiting)
        self._warm: tuple[int, str] | None = None

    def wanted(self) -> bool:
        """Whether there may be anything left to do."""
        return self._run_lock.taking() and (
            bool(self._waiting)
            or any(not task.finished() for group in self._groups.values() for task in group)
        )

    def _add(self, found: Iterable[CellTask]) -> None:
        added = list(found)
        for task in added:
            self._groups.setdefault((task.cell.seed, task.data), deque()).append(task)
        for key in {(task.cell.seed, task.data) for task in added}:
            # Cells of a plugin one after the other, and last: a worker that has run one trains nothing else.
            self._groups[key] = deque(sorted(self._groups[key], key=lambda task: task.plugin))

    def _look_at_waiting(self) -> None:
        for store in {
            trial.store for waiting in self._waiting for trial in waiting.trials if not trial.there
        }:
            refresh_folder(store)
        for waiting in [waiting for waiting in self._waiting if waiting.finished()]:
            self._waiting.remove(waiting)
            self._add(waiting.tasks())

    def __iter__(self) -> Iterator[tuple[CellTask, CellLock] | None]:
        """Locked cells until there are none; None while others hold all that are left, since whoever holds
        one may die."""
        while self._run_lock.taking():
            taken = self._next()
            if taken is None and not self._groups and not self._waiting:
                return
            yield taken
            if taken is None:
                time.sleep(WAIT)

    def _next(self) -> tuple[CellTask, CellLock] | None:
        self._look_at_waiting()
        for key in sorted(self._groups, key=lambda key: key != self._warm):
            waiting, held = self._groups[key], deque[CellTask]()
            self._groups[key] = held
            while waiting:
                task = waiting.popleft()
                if task.finished():
                    continue
                lock = CellLock.acquire(task.store, task.id, task.label())
                if lock is None:
                    held.append(task)
                    continue
                refresh_folder(task.store)
                if task.finished():
                    lock.release()
                    continue
                held.extend(waiting)
                self._warm = key
                return task, lock
            if not held:
                del self._groups[key]
        return None
