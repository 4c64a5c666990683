"""The kinds of files that people have, with nothing said of them: read rightly, asked about, or refused."""

from pathlib import Path

import pytest

from mlbench.errors import ConfigError, DataError
from mlbench.tryout.data import find_data
from tests.datasets.user.kinds import KINDS, LABELS, Kind

OTHERWISE = {
    "class numbers in lists, label_names given": {"0", "1", "2"},
    "one label a row, of several words": {"a thing", "b c thing", "d thing"},
    "one label a row, with commas in them": {"a", "b", "c", "d"},
    "columns of true and false, by a pattern": {"is_a", "is_b c", "is_d"},
}
"""Where the file alone says less than its owner knows, or is called otherwise."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_kind_is_read_wrongly(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLBENCH_DATA", raising=False)
    path = kind.write()["path"]
    refused: Exception | None = None
    try:
        found = find_data(path, {})
    except (ConfigError, DataError) as error:
        refused = error
    if refused is not None:
        assert "no column looks like" not in str(refused), "a column is there, and its error should be raised"
        return
    assert set(found.dataset.labels) == OTHERWISE.get(kind.name, set(kind.labels) - {"None"} or set(LABELS))
