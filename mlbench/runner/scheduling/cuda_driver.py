"""The CUDA devices that this host's driver lists: by nvidia-smi, or else by torch in a process of its own.

What one of them says only in part is read as far as it goes, and what was not read is kept as a trouble: a cell that
runs on the CPU since nobody asked the driver looks like any other.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mlbench.safe_path import interpreter, safe_variables

PLACES = (
    "/usr/bin",
    "/usr/local/bin",
    "/usr/local/nvidia/bin",
    "/opt/nvidia/bin",
    "/usr/lib/wsl/lib",
    "/run/nvidia/bin",
)
"""Where nvidia-smi lies on hosts and in containers whose PATH does not have it."""
SIGNS = ("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/dxg")
"""What is there where a driver is loaded."""
PATIENCE = 60.0
"""Seconds that a driver has to answer; without its persistence daemon it initialises every device first."""

SHOWN = 3
"""Lines of a program that are quoted."""

_MIG = re.compile(r"^\s*MIG (?P<profile>\S+).*\(UUID: (?P<uuid>MIG-[^)]+)\)")
_GPU = re.compile(r"^GPU \d+: .*\(UUID: (?P<uuid>GPU-[^)]+)\)")
_TORCH = """
import torch
for index in range(torch.cuda.device_count()):
    found = torch.cuda.get_device_properties(index)
    kind = "MIG" if " MIG " in found.name else "GPU"
    print(f"{kind}-{found.uuid}, {found.name}, ")
"""


@dataclass(frozen=True)
class Device:
    """A CUDA device.

    - `uuid`: what identifies it.
    - `model`: its name.
    - `driver`: the driver's version.
    - `part_of`: of an instance of a GPU that is divided (MIG), what identifies the GPU.
    """

    uuid: str
    model: str = "CUDA device"
    driver: str | None = None
    part_of: str | None = None

    @property
    def gpu(self) -> str:
        """The uuid of the whole GPU."""
        return self.part_of or self.uuid


@dataclass(frozen=True)
class Listing:
    """Devices in the driver's order, instances in the place of a GPU that is divided; and what could not be read."""

    devices: tuple[Device, ...] = ()
    troubles: tuple[str, ...] = ()


def listing() -> Listing:
    """Ask the driver of this host. Nothing and no trouble where there is none."""
    program = find_nvidia_smi()
    found = Listing() if program is None else _by_nvidia_smi(program)
    if found.devices or not any(Path(sign).exists() for sign in SIGNS):
        return found
    # The library that nvidia-smi asks may be left out of a container, or refuse to answer, though CUDA is there.
    other = _by_torch()
    absent = ("nvidia-smi is not there",) if program is None and not other.devices else ()
    return Listing(other.devices, (*absent, *found.troubles, *other.troubles))


def find_nvidia_smi() -> str | None:
    """nvidia-smi of the PATH, or of the usual places."""
    return shutil.which("nvidia-smi") or shutil.which("nvidia-smi", path=os.pathsep.join(PLACES))


def _by_nvidia_smi(program: str) -> Listing:
    gpus, troubles = _rows(
        "nvidia-smi", [program, "--query-gpu=uuid,name,driver_version", "--format=csv,noheader"]
    )
    if not gpus:
        return Listing((), troubles)
    # A GPU that is divided is listed whole there, and its instances here alone.
    instances, trouble = _asked([program, "-L"])
    unknown = (f"nvidia-smi -L: {trouble}; instances of a divided GPU are not known",) if trouble else ()
    return Listing(tuple(_divided(gpus, instances)), (*troubles, *unknown))


def _by_torch() -> Listing:
    devices, troubles = _rows("torch", [*interpreter(), "-c", _TORCH])
    driver = _loaded_driver()
    return Listing(tuple(replace(device, driver=driver) for device in devices), troubles)


def _asked(command: list[str]) -> tuple[str, str]:
    """What a program says, and what went wrong. It is asked for all devices, not for those that the environment shows,
    in the order of nvidia-smi."""
    hidden = {key: value for key, value in safe_variables().items() if key != "CUDA_VISIBLE_DEVICES"}
    variables = {**hidden, "CUDA_DEVICE_ORDER": "PCI_BUS_ID", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
            env=variables,
        )
    except subprocess.TimeoutExpired as late:
        return _text(late.stdout), f"no answer within {PATIENCE:g} s"
    except OSError as error:
        return "", f"it cannot be started: {error.strerror}"
    said = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    return done.stdout, ", ".join([f"exit code {done.returncode}", *said]) if done.returncode else ""


def _rows(who: str, command: list[str]) -> tuple[list[Device], tuple[str, ...]]:
    """The devices in what a program says, and in one sentence what went wrong and which lines are none, if any."""
    out, trouble = _asked(command)
    lines = [line.strip() for line in out.splitlines() if line.strip()]
    unread = [line for line in lines if _row(line) is None]
    said = [trouble, f"not read: {' / '.join(unread[:SHOWN])}" if unread else ""]
    devices = [device for line in lines if (device := _row(line)) is not None]
    return devices, (f"{who}: {'; '.join(filter(None, said))}",) if any(said) else ()


def _row(line: str) -> Device | None:
    uuid, *model, driver = [part.strip() for part in line.split(",")] if line.count(",") > 1 else ["", "", ""]
    if not uuid.startswith(("GPU-", "MIG-")):
        return None
    return Device(uuid, ", ".join(model), driver or None)


def _divided(gpus: list[Device], listed: str) -> Iterator[Device]:
    """The GPUs, each that has instances replaced by them."""
    instances: dict[str, list[tuple[str, str]]] = {}
    of: list[tuple[str, str]] = []
    for line in listed.splitlines():
        if gpu := _GPU.match(line):
            of = instances.setdefault(gpu["uuid"], [])
        elif part := _MIG.match(line):
            of.append((part["uuid"], part["profile"]))
    for whole in gpus:
        parts = instances.get(whole.uuid, [])
        for uuid, profile in parts:
            yield Device(uuid, f"{whole.model} MIG {profile}", whole.driver, whole.uuid)
        if not parts:
            yield whole


def _loaded_driver() -> str | None:
    """The version of the driver as its kernel module tells it."""
    try:
        text = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = re.search(r"\b(\d+\.\d+(?:\.\d+)?)\b", text)
    return found[1] if found else None


def _text(said: str | bytes | None) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said or ""
