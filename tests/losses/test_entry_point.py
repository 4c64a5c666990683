"""A package that declares the entry point is found once it is installed, and only then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlbench.scaffolds.loss import CODE
from mlbench.scaffolds.writing import filled

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "their-losses"
version = "1.0"

[project.entry-points."mlbench.losses"]
their_margin = "their_losses.margin"

[tool.hatch.build.targets.wheel]
packages = ["their_losses"]
"""
LOOK = """
import json, sys
from mlbench.registry import LOSSES
known = "their_margin" in LOSSES
found = LOSSES.describe("their_margin") if known else None
imported = [name for name in ("torch", "their_losses.margin") if name in sys.modules]
failed = []
if known:
    from mlbench.losses.conformance import check
    failed = [str(verdict) for verdict in check("their_margin") if verdict.passed is False]
print(json.dumps([known, found and found.origin, found and found.source_hash, imported, failed]))
"""


def look(path: Path | None) -> list[object]:
    environment = os.environ | {"PYTHONPATH": str(path or ""), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, check=True
    )
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_an_installed_package_registers_its_loss(tmp_path: Path) -> None:
    package, target = tmp_path / "source", tmp_path / "site"
    (package / "their_losses").mkdir(parents=True)
    (package / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (package / "their_losses/__init__.py").write_text("", encoding="utf-8")
    (package / "their_losses/margin.py").write_text(filled(CODE, "their_margin"), encoding="utf-8")
    install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(target),
    ]
    subprocess.run([sys.executable, *install, str(package)], check=True, capture_output=True, text=True)
    known, origin, source_hash, imported, failed = look(target)
    assert (known, origin, imported, failed) == (True, "entry point", [], [])
    assert source_hash
    assert look(None)[0] is False
