"""The devices of this host, and their slots, each of which one cell holds at a time.

A slot is leased by an advisory lock on a file that all runs of a user on this host share, so that two runs,
or two Dask workers of one node, never use one slot both; the system frees the lock of a process that dies.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

from mlbench.errors import ConfigError
from mlbench.runner.scheduling.cuda_driver import Device, Listing, listing

_WAIT = 0.5


@dataclass(frozen=True)
class Lease:
    """What a slot's worker is given.

    - `name`: torch's name of the device.
    - `variables`: of the environment, that show it no other device.
    - `model`: what records say that the device is.
    - `driver`: its driver's version, likewise.
    """

    name: str
    variables: Mapping[str, str]
    model: str
    driver: str | None = None

    def __str__(self) -> str:
        return " ".join(filter(None, [self.model, self.variables.get("CUDA_VISIBLE_DEVICES")]))


def chosen_devices(device: str) -> list[Device]:
    """The CUDA devices of this host that `--device` names; none for the CPU.

    Raises ConfigError for a device that is not there.
    """
    match = re.fullmatch(r"auto|cpu|(cuda)(?::(\d+(?:,\d+)*))?", device)
    if match is None:
        raise ConfigError(f"--device {device}: say auto, cpu, cuda, or numbers as in cuda:0,1")
    there = [] if device == "cpu" else visible()
    if match[1] and not there:
        why = "; ".join(troubles()) or "nvidia-smi names none"
        raise ConfigError(f"--device {device}: this machine shows no CUDA device ({why})")
    if not match[2]:
        return there
    numbers = sorted({int(number) for number in match[2].split(",")})
    if numbers[-1] >= len(there):
        raise ConfigError(f"--device {device}: there are {len(there)} devices, numbered from 0")
    return [there[number] for number in numbers]


def visible() -> list[Device]:
    """The host's CUDA devices as its driver lists them; those of CUDA_VISIBLE_DEVICES where that is set, whose numbers
    are read as nvidia-smi's too (CUDA's own differ from them on machines of unlike devices, unless CUDA_DEVICE_ORDER is
    PCI_BUS_ID). The number or name of a GPU that is divided means the first of its instances, as it does to CUDA."""
    return list(detected().devices)


def troubles() -> list[str]:
    """What of this host's devices could not be read, or is not there though the environment names it."""
    return list(detected().troubles)


@cache
def detected() -> Listing:
    """The driver is asked once a process."""
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
    if wanted is not None and not any(_names(wanted)):
        return Listing()
    listed = listing()
    if wanted is None:
        return listed
    shown: list[Device] = []
    for token in _names(wanted):
        found = _called(token, listed.devices)
        if found is None:
            # CUDA hides what comes after a name that is none.
            lost = (
                f"CUDA_VISIBLE_DEVICES={wanted}: no device here is {token}; it and what follows are left out"
            )
            return Listing(tuple(shown), (*listed.troubles, lost))
        shown += [found] if found not in shown else []
    return Listing(tuple(shown), listed.troubles)


def _names(wanted: str) -> list[str]:
    """The devices that the variable names, up to a word that hides all, such as -1 or SLURM's NoDevFiles."""
    tokens = filter(None, (part.strip() for part in wanted.split(",")))
    return list(
        itertools.takewhile(lambda token: token.isdigit() or token.startswith(("GPU-", "MIG-")), tokens)
    )


def _called(token: str, devices: Sequence[Device]) -> Device | None:
    """The device of a number or of the start of a name."""
    firsts = list({device.gpu: device for device in reversed(devices)}.values())[::-1]
    if token.isdigit():
        return firsts[int(token)] if int(token) < len(firsts) else None
    named = (device for device in (*firsts, *devices) if token and device.uuid.startswith(token))
    whole = (device for device in firsts if device.gpu.startswith(token))
    found = next(named, None) or next(whole, None)
    if found is None and token.startswith("MIG-"):
        # Old drivers give instances another name, and a container may list none.
        return Device(token)
    return found


@contextlib.contextmanager
def lease(device: str, slots_per_device: int, wanted: Callable[[], bool]) -> Iterator[Lease | None]:
    """A free slot of this host, waited for while there is something `wanted`; None where that ended first."""
    devices = chosen_devices(device)
    if not devices:
        yield Lease("cpu", {"CUDA_VISIBLE_DEVICES": ""}, "cpu")
        return
    locks = {
        FileLock(_folder() / f"{found.uuid.replace('/', '_')}-{number}.lock", thread_local=False): found
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


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"mlbench-devices-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    there = folder.lstat()
    if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.getuid() or there.st_mode & 0o022:
        # Anybody may make it before: a link would have files written where it leads.
        raise ConfigError(
            f"{folder}: not a folder of this user alone; remove it, or set $TMPDIR to one of your own"
        )
    return folder
