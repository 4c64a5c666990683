"""A Dask scheduler and workers on loopback, for tests."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from distributed import Client

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Host:
    """Where a worker runs.

    - `copy`: the folder that its mlbench lies in.
    - `before`: a command that starts it.
    """

    copy: Path = ROOT
    before: Sequence[str] = ()


@dataclass(frozen=True)
class Running:
    """A cluster that is there.

    - `address`: of its scheduler.
    - `scheduler`: its process.
    """

    address: str
    scheduler: subprocess.Popen[str]


@contextlib.contextmanager
def running(folder: Path, hosts: Sequence[Host], threads: int = 1) -> Iterator[Running]:
    """A scheduler, and a worker for each of `hosts`: in a folder of their own, without the driver's variables."""
    folder.mkdir()
    own = {key: value for key, value in os.environ.items() if not key.startswith("MLBENCH_")}
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    with contextlib.ExitStack() as stack:

        def start(*arguments: str, copy: Path = ROOT) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                arguments,
                stderr=subprocess.PIPE,
                text=True,
                cwd=folder,
                env={**own, "PYTHONPATH": str(copy)},
                start_new_session=True,
            )
            stack.callback(process.communicate)
            stack.callback(_kill, process.pid)
            return process

        scheduler = start(*command, "--no-dashboard")
        assert scheduler.stderr is not None
        address = next(
            found[0] for line in scheduler.stderr if (found := re.search(r"tcp://127\.0\.0\.1:\d+", line))
        )
        for host in hosts:
            start(
                *host.before,
                *(sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", str(threads)),
                *("--no-dashboard", "--local-directory", str(folder)),
                copy=host.copy,
            )
        if hosts:
            with Client(address, set_as_default=False) as client:
                client.wait_for_workers(len(hosts), timeout=60)
        yield Running(address, scheduler)


@contextlib.contextmanager
def cluster(folder: Path, workers: int = 2, threads: int = 1) -> Iterator[str]:
    """The address of a cluster whose workers are all fit."""
    with running(folder, [Host()] * workers, threads) as there:
        yield there.address


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
