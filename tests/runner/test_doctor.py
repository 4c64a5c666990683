"""What `doctor` says of a machine that lacks something."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.runner.doctor import Finding, examine


def look(data_root: Path, results: Path) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(data_root, results)}


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
