"""Where and when a record was made: code, packages, machine, time. All but the time are asked once a process."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

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


@cache
def processor() -> str:
    """The name of the CPU, as far as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def environment(**device: Any) -> dict[str, Any]:
    """The `environment` of a record; `device` is what the caller knows of device, driver and threads."""
    return {**code(), "packages": packages(), "platform": platform.platform(), "cpu": processor(), **device}


def now() -> str:
    """The time as records have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
