"""What `doctor` says of a machine that lacks something."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.runner.doctor import MachineFinding, examine
from tests.runner.conftest import FakeDevices


def look(data_root: Path, results: Path) -> dict[str, MachineFinding]:
    return {finding.what: finding for finding in examine(data_root, results)}


def test_it_tries_every_device(fake: FakeDevices, tmp_path: Path) -> None:
    """nvidia-smi lists two here that torch does not find."""
    fake(2)
    found = look(tmp_path, tmp_path)
    for name, called in (("cuda:0", "Fake A1 (GPU-00)"), ("cuda:1", "Fake A1 (GPU-11)")):
        assert found[name].state == "broken"
        assert found[name].detail.startswith(f"{called} cannot be used: ")
        assert "--device cpu" in found[name].detail


def test_it_says_what_the_driver_does_not_answer(fake: FakeDevices, tmp_path: Path) -> None:
    fake(0)
    (tmp_path / "bin" / "nvidia-smi").write_text("#!/bin/sh\necho it has failed\nexit 9\n")
    found = look(tmp_path, tmp_path)
    assert found["driver"] == MachineFinding(
        "driver", "lacking", "nvidia-smi: exit code 9; not read: it has failed"
    )
    assert found["devices"].detail.startswith("no CUDA device (nvidia-smi names none)")


def test_it_names_what_is_there_and_what_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLBENCH_MODELS", str(tmp_path / "nowhere"))
    (tmp_path / "data" / "mine").mkdir(parents=True)
    (tmp_path / "file").touch()
    found = look(tmp_path / "data", tmp_path / "file" / "results")
    assert "mine" in found["datasets"].detail
    assert found["models"].state == "broken"
    assert str(tmp_path / "nowhere") in found["models"].detail
    assert found["results"].state == "broken", "a file stands where the folder should be"
    assert found["cache"].state == "ok"
    assert found["packages"].state == "ok"
    assert "torch" not in found or found["torch"].state == "ok"
    assert {"hub", "python", "machine"} <= set(found)
