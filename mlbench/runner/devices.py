"""The devices of this host, and their slots, each of which one cell holds at a time; and a slot's share of its cores.

A slot is leased by an advisory lock on a file that all runs of a user on this host share, so that two runs,
or two Dask workers of one node, never use one slot both; the system frees the lock of a process that dies.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import joblib
from filelock import FileLock, Timeout

from mlbench.errors import ConfigError

_WAIT = 0.5


@dataclass(frozen=True)
class Device:
    """A CUDA device: what identifies it, its model, and the driver's version."""

    uuid: str
    model: str = "CUDA device"
    driver: str | None = None


@dataclass(frozen=True)
class Lease:
    """What a slot's worker is given: torch's name of the device, the variables that show it no other, and what
    records say of it."""

    name: str
    variables: Mapping[str, str]
    model: str
    driver: str | None = None


def chosen(device: str) -> list[Device]:
    """The CUDA devices of this host that `--device` names; none for the CPU.

    Raises ConfigError for a device that is not there.
    """
    match = re.fullmatch(r"auto|cpu|(cuda)(?::(\d+(?:,\d+)*))?", device)
    if match is None:
        raise ConfigError(f"--device {device}: say auto, cpu, cuda, or numbers as in cuda:0,1")
    there = [] if device == "cpu" else visible()
    if match[1] and not there:
        raise ConfigError(f"--device {device}: this machine shows no CUDA device (nvidia-smi names none)")
    if not match[2]:
        return there
    numbers = sorted({int(number) for number in match[2].split(",")})
    if numbers[-1] >= len(there):
        raise ConfigError(f"--device {device}: there are {len(there)} devices, numbered from 0")
    return [there[number] for number in numbers]


@cache
def visible() -> list[Device]:
    """The host's CUDA devices as nvidia-smi lists them; those of CUDA_VISIBLE_DEVICES where that is set, whose numbers
    are read as nvidia-smi's too (CUDA's own differ from them on machines of unlike devices, unless CUDA_DEVICE_ORDER is
    PCI_BUS_ID)."""
    devices = _listed()
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
    if wanted is None:
        return devices
    shown = []
    for token in filter(None, (part.strip() for part in wanted.split(","))):
        if token.isdigit():
            found = devices[int(token) : int(token) + 1]
        elif token.startswith("MIG-"):
            found = [Device(token)]
        else:
            found = [device for device in devices if device.uuid.startswith(token)][:1]
        if not found:
            break  # CUDA hides what comes after a name that is none.
        shown += found
    return shown


def _listed() -> list[Device]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = [program, "--query-gpu=uuid,name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    rows = [[part.strip() for part in line.split(",")] for line in done.stdout.splitlines()]
    return [Device(*row) for row in rows if len(row) == 3] if done.returncode == 0 else []


@contextlib.contextmanager
def lease(device: str, slots_per_device: int, wanted: Callable[[], bool]) -> Iterator[Lease | None]:
    """A free slot of this host, waited for while there is something `wanted`; None where that ended first."""
    devices = chosen(device)
    if not devices:
        yield Lease("cpu", {"CUDA_VISIBLE_DEVICES": ""}, "cpu")
        return
    locks = {
        FileLock(_folder() / f"{found.uuid}-{number}.lock", thread_local=False): found
        for number in range(slots_per_device)
        for found in devices
    }
    while wanted():
        for lock, found in locks.items():
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            try:
                yield Lease("cuda:0", {"CUDA_VISIBLE_DEVICES": found.uuid}, found.model, found.driver)
            finally:
                lock.release()
            return
        time.sleep(_WAIT)
    yield None


def share_of_cores(slots: int) -> int:
    """The threads of a cell whose protocol does not say: the cores of the host that this is called on, divided by
    its slots."""
    return max(1, int(joblib.cpu_count()) // slots)


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"mlbench-devices-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
