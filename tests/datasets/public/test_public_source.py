"""Public files become a dataset's folder: what is fetched, and what is said of the rows."""

from __future__ import annotations

import hashlib
import io
import urllib.request
import warnings
from pathlib import Path

import pytest

from mlbench import datasets
from mlbench.datasets.fetching import fetch
from mlbench.datasets.public.downloads import Download, download
from mlbench.datasets.public.hub import hub_tables
from mlbench.errors import DataError
from mlbench.registry import DATASETS
from tests.datasets.sources.imitation import WORDS, lay

ROWS = "text,homophobia,obscene,insult,racism,misogyny,xenophobia\n" + "".join(
    f"{word},1,0,0,0,0,0\n" for word in WORDS
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLBENCH_DATA", raising=False)


@pytest.mark.filterwarnings("ignore:dataset .* where its card says")
def test_other_rows_than_the_published_ones_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = lay(tmp_path / "given", {"ToLD-BR.csv": ROWS})
    with pytest.warns(
        UserWarning, match=r"other rows than those of the published results \(fingerprint [0-9a-f]{32}"
    ):
        fetch("told_br", given=[file])
    made = datasets.load("told_br").fingerprint
    kind = DATASETS.get("told_br")
    monkeypatch.setattr(kind, "fingerprint", made)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fetch("told_br", given=[file])
    monkeypatch.setattr(kind, "fingerprint", "0" * 32)
    monkeypatch.setattr(kind, "made_with", "RDKit")
    with pytest.warns(UserWarning, match="RDKit of another release may make them otherwise"):
        fetch("told_br", given=[file])


@pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")
def test_files_of_one_name_in_several_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are kept apart in the downloads, and read by their folders."""
    contents = {"https://host/a/ToLD-BR.csv": ROWS.encode(), "https://host/b/ToLD-BR.csv": b"text\n"}

    class Answer(io.BytesIO):
        status, headers = 200, {}

    monkeypatch.setattr(urllib.request, "urlopen", lambda request, **_: Answer(contents[request.full_url]))
    items = tuple(
        Download(f"{url[13]}/ToLD-BR.csv", url, checksum=f"sha256:{hashlib.sha256(content).hexdigest()}")
        for url, content in contents.items()
    )
    assert download(items[1], tmp_path / "d").read_bytes() == b"text\n"
    monkeypatch.setattr(DATASETS.get("told_br"), "downloads", lambda _: items)
    fetch("told_br")
    assert sum(datasets.load("told_br").sizes.values()) == len(WORDS)


def test_a_folder_here_is_not_read_in_place_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "emotions").mkdir()
    (tmp_path / "emotions" / "train.csv").write_text("text,labels\na,0\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="would be read in its place"):
        hub_tables("emotions", cache=tmp_path / "cache")
    assert hub_tables(str(tmp_path / "emotions"), cache=tmp_path / "cache")["train"].num_rows == 1
