"""The Tate collection from an imitation of its repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlbench.datasets.public.readers import hash_share
from mlbench.errors import DataError
from tests.datasets.sources.imitation import WORDS, everywhere, get, texts, zipped

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def work(number: int, title: str, artist: str = "Anon", subject: str = "landscape") -> tuple[str, str]:
    """One record, with the subject that all have and one of its own."""
    names = ("landscape", subject)
    index = {
        "name": "subject",
        "children": [{"name": "nature", "children": [{"name": name} for name in names]}],
    }
    record = {
        "acno": f"A{number:03}",
        "title": title,
        "all_artists": artist,
        "medium": None,
        "subjects": index,
    }
    return f"collection-abc/artworks/a/000/a{number:03}-1.json", json.dumps(record)


def test_tate(tmp_path: Path) -> None:
    """A rare subject, works without title or subject and a repeated text are left out; one artist's are thinned."""
    titles = [f"{word}  {turn}" for turn in ("I", "II", "III") for word in WORDS]
    files = dict(work(number, title) for number, title in enumerate(titles))
    files |= dict(work(200 + n, f"leaf {word}", "after Turner") for n, word in enumerate(WORDS))
    files |= dict([work(100, "[title not known]"), work(101, "ALFA I"), work(102, "rare", subject="rare")])
    name, record = work(103, "without")
    files[name] = json.dumps(json.loads(record) | {"subjects": {}})
    files["collection-abc/artists/a/anon.json"] = "{}"
    dataset = get("tate", [zipped(tmp_path / "collection-abc.zip", files)])
    found = everywhere(dataset)
    turners = {f"A{200 + n}" for n, word in enumerate(WORDS) if hash_share(f"turnerleaf {word}") < 12}
    assert set(found) == {f"A{number:03}" for number in range(len(titles))} | {"A102"} | turners
    assert set().union(*found.values()) == {"nature: landscape"}
    assert texts(dataset)["A000"] == "alfa I. Anon"
    broken = {"collection-abc/artworks/a.json": "{"}
    with pytest.raises(DataError, match=r"artworks/a\.json: not valid JSON"):
        get("tate", [zipped(tmp_path / "broken.zip", broken)])
    with pytest.raises(DataError, match=r"no artworks/…\.json is among the files given"):
        get("tate", [zipped(tmp_path / "none.zip", {"artists/a.json": "{}"})])
