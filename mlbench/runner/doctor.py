"""`mlbench doctor`: what this machine has, what would not work on it, and why."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from mlbench.datasets.places import cache_root, data_folders
from mlbench.runner.environment import packages

HUB = "https://huggingface.co"
TIMEOUT = 5.0
_TORCH = """
import json, torch
devices = []
for index in range(torch.cuda.device_count()):
    properties = torch.cuda.get_device_properties(index)
    devices.append({"name": properties.name, "memory": properties.total_memory,
                    "bf16": properties.major >= 8, "fp16": True})
print(json.dumps({"cuda": torch.version.cuda, "devices": devices, "threads": torch.get_num_threads()}))
"""


@dataclass(frozen=True)
class Finding:
    """One thing looked at. "lacking" is what some suites can do without; "broken" is what none can."""

    what: str
    state: Literal["ok", "lacking", "broken"]
    detail: str


def examine(data_root: Path | None, results: Path) -> Iterator[Finding]:
    """Look at everything that a run needs. Waits a few seconds at most for the hub."""
    yield Finding("python", "ok", f"{sys.version.split()[0]} at {sys.executable}")
    yield Finding("packages", "ok", ", ".join(f"{name} {version}" for name, version in packages().items()))
    free = psutil.virtual_memory().available
    yield Finding("machine", "ok", f"{psutil.cpu_count()} cores, {_size(free)} of memory free")
    yield from _torch()
    for name, folder in (("cache", cache_root()), ("results", results)):
        yield _writable(name, folder)
    yield _data(data_root)
    yield _models()
    yield _hub()


def _torch() -> Iterator[Finding]:
    """PyTorch in a process of its own: a broken driver may take the process with it. Devices are numbered as
    `--device` and nvidia-smi do, by their place in the machine; CUDA by itself begins with the fastest."""
    variables = {**os.environ, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    done = subprocess.run(
        [sys.executable, "-c", _TORCH], capture_output=True, text=True, check=False, env=variables
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        yield Finding("torch", "broken", f"it cannot be imported: {last}")
        return
    found = json.loads(done.stdout.splitlines()[-1])
    if not found["devices"]:
        driver = "nvidia-smi is not there" if shutil.which("nvidia-smi") is None else "see nvidia-smi"
        yield Finding(
            "devices", "lacking", f"no CUDA device ({driver}); cells run on the CPU in float32 or bf16"
        )
    for index, device in enumerate(found["devices"]):
        precisions = ", ".join(["float32", *(name for name in ("bf16", "fp16") if device[name])])
        yield Finding(
            f"cuda:{index}",
            "ok",
            f"{device['name']}, {_size(device['memory'])}, {precisions}, CUDA {found['cuda']}",
        )


def _writable(name: str, folder: Path) -> Finding:
    """Whether files can be made in the folder, or in the nearest one above it that is there."""
    there = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=there):
            pass
    except OSError as error:
        return Finding(name, "broken", f"{folder} cannot be written to: {error.strerror}")
    return Finding(name, "ok", f"{folder}, {_size(shutil.disk_usage(there).free)} free")


def _data(data_root: Path | None) -> Finding:
    found = {
        folder.name
        for root in data_folders(data_root)
        if root.is_dir()
        for folder in root.iterdir()
        if folder.is_dir()
    }
    looked = ", ".join(str(root) for root in data_folders(data_root))
    if not found:
        return Finding("datasets", "lacking", f"none in {looked}; the built-in ones need nothing")
    return Finding("datasets", "ok", f"{', '.join(sorted(found))} in {looked}")


def _models() -> Finding:
    root = os.environ.get("MLBENCH_MODELS")
    if not root:
        return Finding("models", "lacking", "MLBENCH_MODELS is not set; pretrained weights come from the hub")
    if not Path(root).is_dir():
        return Finding("models", "broken", f"MLBENCH_MODELS names {root}, which is no folder")
    names = sorted(folder.name for folder in Path(root).iterdir() if folder.is_dir())
    return Finding("models", "ok", f"{', '.join(names) or 'none'} in {root}")


def _hub() -> Finding:
    try:
        with urllib.request.urlopen(urllib.request.Request(HUB, method="HEAD"), timeout=TIMEOUT):
            return Finding("hub", "ok", f"{HUB} answers")
    except urllib.error.HTTPError:
        return Finding("hub", "ok", f"{HUB} answers")
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        return Finding(
            "hub", "lacking", f"{HUB} is not reached ({reason}); have data and weights on this machine"
        )


def _size(count: float) -> str:
    return f"{count / 2**30:.1f} GiB"
