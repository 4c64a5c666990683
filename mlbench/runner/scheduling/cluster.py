"""A Dask cluster as a place for supervisors: one that is running, or one of this machine for the time of a run."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlbench.code.installed import code_digest
from mlbench.ending import INTERRUPTIONS
from mlbench.errors import ConfigError
from mlbench.plain_text import said
from mlbench.runner.scheduling.cores import host_and_cores

ANSWER = 10.0
"""Seconds that a scheduler has to answer."""
PATIENCE = 60.0
"""Seconds that a cluster's first worker has to come."""


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster as joblib sees it.

    - `backend`: for joblib.
    - `threads_at`: of the workers on each set of cores (`cores`).
    - `refused`: why workers of it take no cell, a sentence for each of those.
    """

    backend: Any
    threads_at: Mapping[str, int]
    refused: Sequence[str] = ()

    @property
    def threads(self) -> int:
        return sum(self.threads_at.values())


@contextlib.contextmanager
def open_cluster(scheduler: str | None, workers: int) -> Iterator[Cluster]:
    """Connect to `scheduler`, or start `workers` processes here where that is None.

    Raises ConfigError where Dask is not installed, the scheduler does not answer, or none of its workers may take a
    cell.
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

    named = f"--scheduler {scheduler}" if scheduler is not None else "--engine dask"
    with contextlib.ExitStack() as stack:
        address: Any = scheduler
        try:
            if scheduler is None:
                with _ignored():
                    address = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
                stack.enter_context(address)
            else:
                _greet(scheduler)
            client = stack.enter_context(Client(address, timeout=ANSWER))
        except Exception as error:
            # A word that is no address, a protocol that Dask lacks, TLS without keys: each has a class of its own.
            raise ConfigError(f"{named}: cannot be reached: {_words(error)}") from None
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
            known = client.scheduler_info(n_workers=-1)["workers"]
            places = client.run(place, on_error="return")
        except TimeoutError:
            raise ConfigError(
                f"{named}: the cluster has no worker, and none came within {PATIENCE:g} s; `dask worker` starts one"
            ) from None
        except Exception as error:
            raise ConfigError(f"{named}: was lost: {_words(error)}") from None
        refused = refusals(places)
        if refused and len(refused) == len(known):
            raise ConfigError("\n".join([f"{named}: none of its workers may take a cell", *refused.values()]))
        allowed = [address for address in known if address not in refused]
        backend = Backend(client=client, **({"workers": allowed} if refused else {}))
        fit = {address: worker for address, worker in known.items() if address in allowed}
        yield Cluster(backend, threads_at(fit, places), tuple(refused.values()))


def _greet(scheduler: str) -> None:
    """Wait for a scheduler's answer, not longer than it may take: a client would wait for ever where something listens
    that never says a word, as a web server does. Raises whatever Dask raises."""
    from distributed.core import rpc
    from distributed.security import Security
    from distributed.utils import LoopRunner

    async def ask() -> None:
        async with rpc(scheduler, connection_args=Security().get_connection_args("client")) as found:
            await found.identity()

    LoopRunner().run_sync(ask, callback_timeout=ANSWER)


def place() -> tuple[str, str]:
    """What a worker says of itself: its copy of mlbench, and its host and cores."""
    return code_digest(), host_and_cores()


def refusals(places: Mapping[str, Any]) -> dict[str, str]:
    """Why workers may take no cell, by their addresses, from what they say of themselves (`place`) or what they raised
    when they were asked. One that cannot be reached has gone meanwhile, or comes back."""
    refused, here = {}, code_digest()
    for address, told in places.items():
        if isinstance(told, OSError):
            continue
        if isinstance(told, BaseException):
            why = f"has no mlbench, or one of another version ({_words(told)})"
        elif told[0] != here:
            why = f"has another copy of mlbench ({told[0]} there, {here} here)"
        else:
            continue
        refused[address] = f"worker {address} {why} and takes no cell; install the same on all hosts"
    return refused


def threads_at(workers: Mapping[str, Mapping[str, Any]], places: Mapping[str, Any]) -> dict[str, int]:
    """The threads of the workers on each set of cores, by what the scheduler says of them, and what they say of
    themselves. One that has gone meanwhile says nothing."""
    threads: Counter[str] = Counter()
    for address, worker in workers.items():
        told = places.get(address)
        threads[told[1] if isinstance(told, tuple) else str(worker["host"])] += worker["nthreads"]
    return dict(threads)


def _words(error: BaseException) -> str:
    """What an error says, in one line."""
    return said(error, 500).replace("\n", " ") or type(error).__name__


@contextlib.contextmanager
def _ignored() -> Iterator[None]:
    """As `deaf_children`, for Dask's processes, which do not end where signals are blocked in them: they ignore them,
    and so does this one meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = [signal.signal(number, signal.SIG_IGN) for number in INTERRUPTIONS]
    try:
        yield
    finally:
        for number, handler in zip(INTERRUPTIONS, earlier, strict=True):
            signal.signal(number, handler)
