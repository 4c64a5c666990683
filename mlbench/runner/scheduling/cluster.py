"""A Dask cluster as a place for supervisors: one that is running, or one of this machine for the time of a run."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlbench.errors import ConfigError
from mlbench.runner.scheduling.cores import host_and_cores


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster as joblib sees it.

    - `backend`: for joblib.
    - `threads_at`: of the workers on each set of cores (`cores`).
    """

    backend: Any
    threads_at: Mapping[str, int]

    @property
    def threads(self) -> int:
        return sum(self.threads_at.values())


@contextlib.contextmanager
def open_cluster(scheduler: str | None, workers: int) -> Iterator[Cluster]:
    """Connect to `scheduler`, or start `workers` processes here where that is None.

    Raises ConfigError where Dask is not installed, the scheduler does not answer, or its workers lack mlbench.
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
            with deaf_children():
                address = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            stack.enter_context(address)
        try:
            client = stack.enter_context(Client(address, timeout=10))
            client.wait_for_workers(1, timeout=60)
        except (OSError, ValueError, ImportError) as error:
            # A word that is no address is a ValueError; so is one of a protocol that Dask lacks.
            raise ConfigError(f"--scheduler {scheduler}: cannot be reached: {error}") from None
        workers_there = client.scheduler_info(n_workers=-1)["workers"]
        places = client.run(host_and_cores, on_error="return")
        yield Cluster(Backend(client=client), threads_at(workers_there, places))


def threads_at(workers: Mapping[str, Mapping[str, Any]], places: Mapping[str, Any]) -> dict[str, int]:
    """The threads of the workers on each set of cores, by what the scheduler says of them, and what they say of
    themselves: a set of cores, or why they cannot tell. One that has gone meanwhile says nothing."""
    for address, said in places.items():
        if isinstance(said, ImportError):
            raise ConfigError(
                f"worker {address} of the cluster cannot load mlbench ({said}); install it there too"
            )
    threads: Counter[str] = Counter()
    for address, worker in workers.items():
        said = places.get(address)
        threads[said if isinstance(said, str) else str(worker["host"])] += worker["nthreads"]
    return dict(threads)


@contextlib.contextmanager
def deaf_children() -> Iterator[None]:
    """Processes started meanwhile do not hear the Ctrl-C of a terminal or the SIGTERM of a batch job, which go to
    all of its processes; the driver tells them what to do."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    earlier = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, earlier, strict=True):
            signal.signal(number, handler)
