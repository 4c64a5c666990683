"""A Dask cluster as a place for supervisors: one that is running, or one of this machine for the time of a run."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlbench.errors import ConfigError


@dataclass(frozen=True)
class Cluster:
    """backend: for joblib. threads: of all workers, and of the host that has most of them."""

    backend: Any
    threads: int
    threads_per_host: int


@contextlib.contextmanager
def open_cluster(scheduler: str | None, workers: int) -> Iterator[Cluster]:
    """Connect to `scheduler`, or start `workers` processes here where that is None.

    Raises ConfigError where Dask is not installed or the scheduler does not answer.
    """
    try:
        from distributed import Client, LocalCluster
        from joblib._dask import DaskDistributedBackend
    except ImportError as error:
        raise ConfigError(f"--engine dask needs Dask: pip install 'mlbench[dask]' ({error})") from None

    class Backend(DaskDistributedBackend):  # type: ignore[misc]
        """joblib does the work of a single slot in the calling process, which here is the wrong host."""

        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(2, int(super().effective_n_jobs(n_jobs)))

    with contextlib.ExitStack() as stack:
        address: Any = scheduler
        if scheduler is None:
            with _deaf_children():
                address = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            stack.enter_context(address)
        try:
            client = stack.enter_context(Client(address, timeout=10))
            client.wait_for_workers(1, timeout=60)
        except OSError as error:
            raise ConfigError(f"--scheduler {scheduler}: cannot be reached: {error}") from None
        threads: Counter[str] = Counter()
        for worker in client.scheduler_info(n_workers=-1)["workers"].values():
            threads[worker["host"]] += worker["nthreads"]
        yield Cluster(Backend(client=client), threads.total(), max(threads.values()))


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started meanwhile do not hear the Ctrl-C of a terminal or the SIGTERM of a batch job, which go to
    all of its processes; the front tells them what to do."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    earlier = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, earlier, strict=True):
            signal.signal(number, handler)
