"""`mlbench new loss` inside a checkout: nothing else is edited."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mlbench

ROOT = Path(mlbench.__file__).parent.parent


def run(*arguments: str, folder: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(path or ""), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_in_a_checkout_nothing_else_is_edited(tmp_path: Path) -> None:
    """The loss is found, and with it all tests of losses pass: its own, and those of all losses."""
    for part in ("mlbench", "tests/losses"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("tests/__init__.py", "tests/conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / part, tmp_path / part)
    written = run(
        "-c",
        "from mlbench.scaffolds.writing import write; print(*write('loss', 'in_tree'))",
        folder=tmp_path,
        path=tmp_path,
    )
    assert written.stdout.split() == [
        str(tmp_path / "mlbench/losses/in_tree.py"),
        str(tmp_path / "tests/losses/test_in_tree.py"),
    ]
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/losses")
    # Slow tests scaffold losses themselves.
    tested = run(*command, "-m", "not slow", folder=tmp_path, path=tmp_path)
    assert tested.returncode == 0, tested.stdout
    collected = run(*command, "--collect-only", "-k", "in_tree", folder=tmp_path, path=tmp_path)
    for test in ("test_passes_the_conformance_suite[in_tree]", "test_agrees_with_the_formula[0.5]"):
        assert test in collected.stdout
