"""The order in which a slot takes cells."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator

from mlbench.runner.scheduling.job import Job, Work, see_anew
from mlbench.runner.scheduling.locks import CellLock

WAIT = 0.5
"""Seconds between two looks at cells that others hold."""


class Queue:
    """The cells of a run that a slot can lock, as the plan orders them, but those on the data that its
    worker holds first (within one seed, so that early answers stay early). What waits for trials joins them once
    these are over."""

    def __init__(self, job: Job) -> None:
        self._run_lock = job.run_lock
        self._groups: dict[tuple[int, str], deque[Work]] = {}
        self._add(job.work)
        self._waiting = list(job.waiting)
        self._warm: tuple[int, str] | None = None

    def wanted(self) -> bool:
        """Whether there may be anything left to do."""
        return self._run_lock.taking() and (
            bool(self._waiting)
            or any(not work.finished() for group in self._groups.values() for work in group)
        )

    def _add(self, found: Iterable[Work]) -> None:
        for work in found:
            self._groups.setdefault((work.cell.seed, work.data), deque()).append(work)

    def _look_at_waiting(self) -> None:
        for store in {
            trial.store for waiting in self._waiting for trial in waiting.trials if not trial.there
        }:
            see_anew(store)
        for waiting in [waiting for waiting in self._waiting if waiting.over()]:
            self._waiting.remove(waiting)
            self._add(waiting.work())

    def __iter__(self) -> Iterator[tuple[Work, CellLock] | None]:
        """Locked cells until there are none; None while others hold all that are left, since whoever holds
        one may die."""
        while self._run_lock.taking():
            taken = self._next()
            if taken is None and not self._groups and not self._waiting:
                return
            yield taken
            if taken is None:
                time.sleep(WAIT)

    def _next(self) -> tuple[Work, CellLock] | None:
        self._look_at_waiting()
        for key in sorted(self._groups, key=lambda key: key != self._warm):
            waiting, held = self._groups[key], deque[Work]()
            self._groups[key] = held
            while waiting:
                work = waiting.popleft()
                if work.finished():
                    continue
                lock = CellLock.acquire(work.store, work.id, work.label())
                if lock is None:
                    held.append(work)
                    continue
                see_anew(work.store)
                if work.finished():
                    lock.release()
                    continue
                held.extend(waiting)
                self._warm = key
                return work, lock
            if not held:
                del self._groups[key]
        return None
