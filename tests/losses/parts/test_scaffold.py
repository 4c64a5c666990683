"""`mlbench new loss`: what it writes works as it stands, as a loose file and inside a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mlbench
from mlbench.errors import ConfigError
from mlbench.losses.parts.scaffold import new_loss

ROOT = Path(mlbench.__file__).parent.parent


def run(*arguments: str, folder: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(path or ""), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_loose_file_passes_its_test_and_the_linter(tmp_path: Path) -> None:
    files = new_loss("my_margin", tmp_path)
    assert files == [tmp_path / "my_margin.py", tmp_path / "test_my_margin.py"]
    tested = run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(files[1]), folder=tmp_path)
    assert tested.returncode == 0, tested.stdout
    settings = ["--config", str(ROOT / "pyproject.toml")] if (ROOT / "pyproject.toml").is_file() else []
    # The order of imports depends on whether mlbench is one's own package, so it is left out here.
    for command in (["check", "--ignore", "I"], ["format", "--check"]):
        linted = run("-m", "ruff", *command, *settings, str(tmp_path), folder=tmp_path)
        assert linted.returncode == 0, linted.stdout


@pytest.mark.slow
def test_in_a_checkout_nothing_else_is_edited(tmp_path: Path) -> None:
    """The loss is found, and with it all tests of losses pass: its own, and those of all losses."""
    for part in ("mlbench", "tests/losses"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("tests/__init__.py", "tests/conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / part, tmp_path / part)
    written = run(
        "-c",
        "from mlbench.losses.parts.scaffold import new_loss; print(*new_loss('in_tree'))",
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


@pytest.mark.parametrize("name", ["My-Loss", "3d", "a b", ""])
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot name a loss"):
        new_loss(name, tmp_path)


def test_names_and_files_that_are_taken_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'asl' is already registered"):
        new_loss("asl", tmp_path)
    (tmp_path / "test_mine.py").write_text("kept", encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already"):
        new_loss("mine", tmp_path)
    assert (tmp_path / "test_mine.py").read_text(encoding="utf-8") == "kept"
    assert not (tmp_path / "mine.py").exists()
