"""The three ways in which joblib spreads supervisors: in this process, over processes, over a Dask cluster."""

from __future__ import annotations

import concurrent.futures
import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import psutil
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from mlbench.ending import deaf_children
from mlbench.plain_text import said
from mlbench.runner.options import RunOptions
from mlbench.runner.scheduling.cluster import open_cluster
from mlbench.runner.scheduling.cores import host_and_cores
from mlbench.runner.scheduling.devices import chosen_devices
from mlbench.runner.scheduling.job import RunJob
from mlbench.runner.scheduling.supervisor import supervise
from mlbench.safe_path import guard_children

MEMORY_PER_JOB = 3 * 2**30
"""Bytes of free memory that a job is thought to need where `--jobs` does not say how many there are."""
_TRIES = 3


@dataclass(frozen=True)
class Engine:
    """An engine that is open.

    - `backend`: for joblib.
    - `slots`: supervisors in all.
    - `slots_at`: those on each set of cores (`cores`).
    - `refused`: why hosts that are there have no slot.
    """

    backend: Any
    slots: int
    slots_at: Mapping[str, int]
    refused: Sequence[str] = ()

    def spread(self, job: RunJob, told: Callable[[str], None]) -> list[str]:
        """Run a supervisor in every slot until all return; gives the reasons of those that ended early, each of which
        is `told` at once, since the others may go on for days."""
        reasons = list(self.refused)
        for reason in reasons:
            told(reason)
        for _ in range(_TRIES):
            try:
                for end in self._ends(job):
                    if end is not None and end not in reasons:
                        reasons.append(end)
                        told(end)
                return sorted(reasons)
            except TerminatedWorkerError:
                # Somebody killed a supervisor, and joblib all others with it. What was done is in the store.
                if not job.run_lock.taking():
                    return sorted(reasons)
            except Exception as error:
                if not _is_of_cluster(error):
                    raise
                return [*sorted(reasons), f"the cluster was lost: {type(error).__name__}: {said(error, 500)}"]
        return [
            *sorted(reasons),
            f"supervisor processes were killed {_TRIES} times; the system may have run out of memory",
        ]

    def _ends(self, job: RunJob) -> Iterator[str | None]:
        """What each supervisor returns, when it does."""
        with joblib.parallel_config(backend=self.backend):
            parallel = joblib.Parallel(
                n_jobs=self.slots, batch_size=1, pre_dispatch="all", return_as="generator_unordered"
            )
            with deaf_children():
                # loky starts its processes here, and a Ctrl-C meanwhile would have them say where they stood.
                ends = parallel(joblib.delayed(supervise)(job) for _ in range(self.slots))
            yield from ends


def _is_of_cluster(error: BaseException) -> bool:
    """Whether Dask raised it, whose scheduler or workers may go at any time: what was done is in the store."""
    packages = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    if packages & {"distributed", "dask", "tornado"}:
        return True
    return "distributed" in sys.modules and isinstance(error, OSError | concurrent.futures.CancelledError)


@contextlib.contextmanager
def open_engine(options: RunOptions, cells: int) -> Iterator[Engine]:
    """The engine that the options name, with as many slots as they, the machine and the cells to do allow."""
    guard_children()
    if options.engine == "dask":
        with open_cluster(options.scheduler, options.jobs or _jobs()) as cluster:
            slots = min(options.jobs or cluster.threads, cells)
            yield Engine(
                cluster.backend,
                slots,
                {where: min(slots, there) for where, there in cluster.threads_at.items()},
                cluster.refused,
            )
        return
    on_devices = len(chosen_devices(options.device)) * options.slots_per_device
    room = min(on_devices or cells, cells)
    slots = 1 if options.engine == "sequential" else min(options.jobs or on_devices or _jobs(), room)
    spreads = options.engine == "loky" and slots > 1
    if spreads:
        # What this process did with loky before, such as drawing a report, left processes with the variables of then.
        get_reusable_executor().shutdown(wait=True)
    try:
        yield Engine(options.engine, slots, {host_and_cores(): slots})
    finally:
        if spreads:
            get_reusable_executor().shutdown(wait=True, kill_workers=sys.exc_info()[0] is not None)


def _jobs() -> int:
    """How many cells this machine's cores and memory bear at once."""
    memory = psutil.virtual_memory().available // MEMORY_PER_JOB
    return max(1, min(int(joblib.cpu_count()), int(memory)))
