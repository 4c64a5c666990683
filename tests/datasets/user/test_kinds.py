"""Files of the kinds that people have: each is read rightly, or refused with its file, row, column and a remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlbench.errors import MlbenchError
from tests.datasets.user.kinds import KINDS, LABELS, TAGS, Kind, read

LONGEST = 480
"""Letters of an error."""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLBENCH_DATA", raising=False)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_people_have(kind: Kind) -> None:
    parameters = kind.write()
    if kind.says is not None:
        with pytest.raises(MlbenchError) as raised:
            read(parameters)
        assert re.search(kind.says, str(raised.value), re.DOTALL), raised.value
        assert len(str(raised.value)) < LONGEST
        return
    dataset = read(parameters)
    assert dataset.labels == kind.labels
    counts = dict(zip(dataset.labels, sum(dataset.label_counts.values()).tolist(), strict=True))
    rows = sum(dataset.sizes.values())
    for label in LABELS if set(LABELS) <= set(kind.labels) else ():
        wanted = sum(label in names for names in TAGS) * (rows // len(TAGS))
        assert abs(counts[label] - wanted) <= kind.labels.count("None"), label
    assert not kind.remark or any(re.search(kind.remark, remark) for remark in dataset.remarks), (
        dataset.remarks
    )
