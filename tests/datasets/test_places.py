"""Where the cache lies: the variable, the platform's folder, and never a folder of wherever a command was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.datasets.places import cache_root


def test_the_cache_is_where_the_variables_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.setenv("MLBENCH_CACHE", "~/mine")
    assert cache_root() == Path.home() / "mine"
    monkeypatch.delenv("MLBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_root() == tmp_path / "xdg" / "mlbench"


@pytest.mark.parametrize("ignored", ["", "relative/folder"])
def test_a_cache_folder_that_is_no_whole_path_is_ignored(
    monkeypatch: pytest.MonkeyPatch, ignored: str
) -> None:
    """As the XDG specification has it."""
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("MLBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", ignored)
    assert cache_root() == Path.home() / ".cache" / "mlbench"
