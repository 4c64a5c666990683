"""The three ways in which joblib spreads supervisors: here, over processes, over a Dask cluster."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import joblib
import psutil
from joblib.externals.loky.process_executor import TerminatedWorkerError

from mlbench.errors import ConfigError
from mlbench.runner.devices import chosen
from mlbench.runner.options import RunOptions
from mlbench.runner.supervisor import supervise
from mlbench.runner.work import Job

MEMORY_PER_JOB = 3 * 2**30
"""Bytes of free memory that a job is thought to need where `--jobs` does not say how many there are."""
_TRIES = 3


@dataclass(frozen=True)
class Engine:
    """An engine that is open. slots: supervisors in all. slots_per_host: those that share a host's cores."""

    backend: str
    slots: int
    slots_per_host: int

    @property
    def threads(self) -> int:
        """Of a cell whose protocol does not say: the cores of a host, divided by its slots."""
        return max(1, int(joblib.cpu_count()) // self.slots_per_host)

    def spread(self, job: Job) -> list[str]:
        """Run a supervisor in every slot until all return; gives the reasons of those that gave up."""
        for attempt in range(1, _TRIES + 1):
            try:
                with joblib.parallel_config(backend=self.backend):
                    ends = joblib.Parallel(n_jobs=self.slots, batch_size=1, pre_dispatch="all")(
                        joblib.delayed(supervise)(job) for _ in range(self.slots)
                    )
                return sorted({end for end in ends if end is not None})
            except TerminatedWorkerError:
                # Somebody killed a supervisor, and joblib all others with it. What was done is in the store.
                if attempt == _TRIES or not job.lifeline.taking():
                    raise
        raise AssertionError("the last try returns or raises")


@contextlib.contextmanager
def open_engine(options: RunOptions, cells: int) -> Iterator[Engine]:
    """The engine that the options name, with as many slots as they, the machine and the cells to do allow."""
    if options.engine == "dask":
        with _dask(options) as client:
            workers = client.scheduler_info(n_workers=-1)["workers"].values()
            threads = sum(worker["nthreads"] for worker in workers)
            hosts = len({worker["host"] for worker in workers})
            slots = min(options.jobs or threads, threads, cells)
            yield Engine("dask", slots, -(-slots // max(1, hosts)))
        return
    devices = len(chosen(options.device)) * options.slots_per_device
    slots = (
        1
        if options.engine == "sequential"
        else min(options.jobs or devices or _jobs(), devices or cells, cells)
    )
    yield Engine(options.engine, slots, slots)
    if options.engine == "loky":
        joblib.externals.loky.get_reusable_executor().shutdown(wait=True)


def _jobs() -> int:
    room = psutil.virtual_memory().available // MEMORY_PER_JOB
    return max(1, min(int(joblib.cpu_count()), int(room)))


@contextlib.contextmanager
def _dask(options: RunOptions) -> Iterator[Any]:
    """A client of the scheduler that the options name, or of a cluster of this machine during the run."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ConfigError(f"--engine dask needs Dask: pip install 'mlbench[dask]' ({error})") from None
    if options.scheduler:
        try:
            client = Client(options.scheduler, timeout=20)
        except OSError as error:
            raise ConfigError(f"--scheduler {options.scheduler}: cannot be reached: {error}") from None
        with client:
            client.wait_for_workers(1, timeout=60)
            yield client
        return
    with _deaf_children():
        cluster = LocalCluster(
            n_workers=options.jobs or _jobs(), threads_per_worker=1, dashboard_address=None
        )
    with cluster, Client(cluster) as client:
        yield client


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started meanwhile do not hear the Ctrl-C of the terminal; the front tells them what to do."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)
