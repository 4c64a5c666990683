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
from mlbench.runner.scheduling.cuda_driver import Device, find_nvidia_smi
from mlbench.runner.scheduling.devices import troubles, visible
from mlbench.runner.worker.environment import packages
from mlbench.safe_path import interpreter, safe_variables

HUB = "https://huggingface.co"
TIMEOUT = 5.0
ANSWER = 120.0
"""Seconds that a device has to compute something."""


@dataclass(frozen=True)
class MachineFinding:
    """One thing examined. "lacking" is what some suites can do without; "broken" is what none can."""

    what: str
    state: Literal["ok", "lacking", "broken"]
    detail: str


def examine(data_root: Path | None, results: Path) -> Iterator[MachineFinding]:
    """Look at everything that a run needs. Waits a few seconds at most for the hub."""
    yield MachineFinding("python", "ok", f"{sys.version.split()[0]} at {sys.executable}")
    yield MachineFinding(
        "packages", "ok", ", ".join(f"{name} {version}" for name, version in packages().items())
    )
    free = psutil.virtual_memory().available
    yield MachineFinding("machine", "ok", f"{psutil.cpu_count()} cores, {_size(free)} of memory free")
    yield from _torch()
    for name, folder in (("cache", cache_root()), ("results", results)):
        yield _writable(name, folder)
    yield _data(data_root)
    yield _models()
    yield _hub()


def _torch() -> Iterator[MachineFinding]:
    """PyTorch in processes of its own, one for each device, which it tries as a worker does before its first cell: a
    broken driver may take the process with it. Devices are numbered as `--device` and nvidia-smi do."""
    imported = subprocess.run(
        [*interpreter(), "-c", "import torch"],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env=safe_variables(),
    )
    if imported.returncode:
        yield MachineFinding(
            "torch", "broken", f"it cannot be imported: {_last_words(imported.stderr, imported.returncode)}"
        )
        return
    there = visible()
    for trouble in troubles():
        yield MachineFinding("driver", "lacking", trouble)
    if not there:
        driver = "nvidia-smi names none" if find_nvidia_smi() else "nvidia-smi is not there"
        yield MachineFinding(
            "devices", "lacking", f"no CUDA device ({driver}); cells run on the CPU in float32 or bf16"
        )
    # All at once: each takes seconds to load torch.
    for index, (device, asked) in enumerate([(device, _asked(device)) for device in there]):
        yield _device(f"cuda:{index}", device, asked)


def _asked(device: Device) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*interpreter(), "-m", "mlbench.runner.worker.usable"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env={**safe_variables(), "CUDA_VISIBLE_DEVICES": device.uuid},
    )


def _device(name: str, device: Device, asked: subprocess.Popen[str]) -> MachineFinding:
    """What a device has, or why torch cannot compute on it."""
    called = f"{device.model} ({device.uuid})"
    try:
        out, err = asked.communicate(timeout=ANSWER)
    except subprocess.TimeoutExpired:
        asked.kill()
        return MachineFinding(name, "broken", f"{called}: it computes nothing within {ANSWER:g} s")
    if asked.returncode:
        return MachineFinding(name, "broken", f"{called}: torch died: {_last_words(err, asked.returncode)}")
    found = json.loads(out.splitlines()[-1])
    if found["trouble"]:
        return MachineFinding(name, "broken", f"{called} cannot be used: {found['trouble']}")
    memory = f"{_size(found['memory'])}, {_size(found['free'])} of it free"
    precisions = ", ".join(["float32", *(["bf16"] if found["bf16"] else []), "fp16"])
    return MachineFinding(
        name, "ok", f"{found['name']}, {memory}, {precisions}, CUDA {found['cuda']}, driver {device.driver}"
    )


def _last_words(said: str, code: int) -> str:
    return (said.strip().splitlines() or [f"exit {code}"])[-1]


def _writable(name: str, folder: Path) -> MachineFinding:
    """Whether files can be made in the folder, or in the nearest one above it that is there."""
    there = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=there):
            pass
    except OSError as error:
        return MachineFinding(name, "broken", f"{folder} cannot be written to: {error.strerror}")
    return MachineFinding(name, "ok", f"{folder}, {_size(shutil.disk_usage(there).free)} free")


def _data(data_root: Path | None) -> MachineFinding:
    found = {
        folder.name
        for root in data_folders(data_root)
        if root.is_dir()
        for folder in root.iterdir()
        if folder.is_dir()
    }
    looked = ", ".join(str(root) for root in data_folders(data_root))
    if not found:
        return MachineFinding("datasets", "lacking", f"none in {looked}; the built-in ones need nothing")
    return MachineFinding("datasets", "ok", f"{', '.join(sorted(found))} in {looked}")


def _models() -> MachineFinding:
    root = os.environ.get("MLBENCH_MODELS")
    if not root:
        return MachineFinding(
            "models", "lacking", "MLBENCH_MODELS is not set; pretrained weights come from the hub"
        )
    if not Path(root).is_dir():
        return MachineFinding("models", "broken", f"MLBENCH_MODELS names {root}, which is no folder")
    names = sorted(folder.name for folder in Path(root).iterdir() if folder.is_dir())
    return MachineFinding("models", "ok", f"{', '.join(names) or 'none'} in {root}")


def _hub() -> MachineFinding:
    try:
        with urllib.request.urlopen(urllib.request.Request(HUB, method="HEAD"), timeout=TIMEOUT):
            return MachineFinding("hub", "ok", f"{HUB} answers")
    except urllib.error.HTTPError:
        return MachineFinding("hub", "ok", f"{HUB} answers")
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        return MachineFinding(
            "hub", "lacking", f"{HUB} is not reached ({reason}); have data and weights on this machine"
        )


def _size(count: float) -> str:
    return f"{count / 2**30:.1f} GiB"
