"""Where and when a record was made: code, packages, machine, time. All but the time are asked once a process."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from mlbench.records.schema import Environment

PACKAGES = (
    "mlbench",
    "torch",
    "torchvision",
    "timm",
    "transformers",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "pyarrow",
    "datasets",
)


@cache
def code() -> dict[str, Any]:
    """The git commit of this copy of mlbench, and whether its files differ from it; null outside git."""
    folder = Path(__file__).parents[2]
    if _git(folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return {"git_commit": None, "git_dirty": None}
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return {
        "git_commit": _git(folder, "rev-parse", "HEAD"),
        "git_dirty": None if changes is None else bool(changes),
    }


@cache
def packages() -> dict[str, str]:
    """The installed version of what can alter a result."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


INSTRUCTIONS = ("avx512f", "avx2", "avx", "sve", "asimd", "sse4_2")
"""Those that matrix kernels are written for, the widest first."""


@cache
def processor() -> dict[str, str | None]:
    """The CPU as far as the system tells it: its name, the widest of INSTRUCTIONS that it has, and a digest of all its
    flags. Where these are equal, and the packages, a cell comes out bit for bit the same."""
    told = _cpuinfo()
    name = told.get("model name") or platform.processor() or platform.machine()
    flags = sorted((told.get("flags") or told.get("Features") or "").split())
    return {
        "cpu": name,
        "cpu_instructions": next((widest for widest in INSTRUCTIONS if widest in flags), None),
        "cpu_flags": hashlib.sha256(" ".join(flags).encode()).hexdigest()[:12] if flags else None,
    }


def _cpuinfo() -> dict[str, str]:
    """What the system says of its first core."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def environment(**device: Any) -> Environment:
    """The `environment` of a record; `device` is what the caller knows of device, driver and threads."""
    found = {**code(), "packages": packages(), "platform": platform.platform(), **processor(), **device}
    return cast(Environment, found)


def now() -> str:
    """The time as records have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
