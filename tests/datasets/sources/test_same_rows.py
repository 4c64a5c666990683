"""The rows that a source makes are those of the published results.

`MLBENCH_ORIGINALS` names a folder that holds a folder for each dataset, of its name, with the files that its source
downloads. They are nobody's to redistribute, so this test is skipped where nobody has them.
"""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path

import pytest

from mlbench import datasets
from mlbench.datasets.fetching import fetch
from mlbench.datasets.loading import build_source
from mlbench.datasets.public.public_source import PublicSource
from mlbench.registry import DATASETS


def pinned() -> list[str]:
    """The names of the datasets whose source says which rows it makes."""
    sources = {
        name: build_source(name) for name in DATASETS.names() if DATASETS.describe(name).origin == "built in"
    }
    return [
        name for name, source in sources.items() if isinstance(source, PublicSource) and source.fingerprint
    ]


@pytest.mark.data
@pytest.mark.parametrize("name", pinned())
def test_the_prepared_rows_are_the_pinned_ones(name: str, data_root: Path) -> None:
    if not (data_root / name).is_dir():
        pytest.skip(f"{data_root} holds no {name}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = datasets.load(name, data_root=data_root)
    source = build_source(name)
    assert isinstance(source, PublicSource)
    assert dataset.fingerprint == source.fingerprint
    assert dataset.sizes == dataset.card.sizes
    assert len(dataset.labels) == dataset.card.labels
    rows = sum(dataset.sizes.values())
    labels = sum(int(counts.sum()) for counts in dataset.label_counts.values())
    assert labels / rows == pytest.approx(dataset.card.cardinality, abs=0.051)


@pytest.mark.data
@pytest.mark.parametrize("name", pinned())
def test_the_original_makes_the_pinned_rows(name: str) -> None:
    place = os.environ.get("MLBENCH_ORIGINALS", "")
    if not place or not (Path(place) / name).is_dir():
        pytest.skip("MLBENCH_ORIGINALS does not name a folder that holds the original files of this dataset")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fetch(name, given=[Path(place) / name])
        dataset = datasets.load(name)
    source = build_source(name)
    assert isinstance(source, PublicSource)
    assert dataset.fingerprint == source.fingerprint


def test_every_pinned_file_has_a_checksum() -> None:
    """But for a whole repository's archive, which its commit names: how it is packed may change."""
    for name in pinned():
        source = build_source(name)
        assert isinstance(source, PublicSource)
        assert len(source.fingerprint) == 32
        names = [item.name for item in source.downloads()]
        assert len(names) == len(set(names))
        for item in source.downloads():
            assert item.url is not None
            if not re.fullmatch(r"https://github\.com/[^/]+/[^/]+/archive/[0-9a-f]{40}\.zip", item.url):
                assert item.size
                assert (item.checksum or "").startswith("sha256:")
