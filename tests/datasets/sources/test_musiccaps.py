"""MusicCaps from an imitation of its files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlbench.errors import DataError
from tests.datasets.sources.imitation import WORDS, get, lay, sets, texts, together

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def test_musiccaps(tmp_path: Path) -> None:
    """Classes that are not among the labels are left out, and clips without one; a caption keeps its line ends."""
    classes = [
        {"id": f"/m/{n}", "name": name} for n, name in enumerate(("Music", "Guitar", "Singing", "Too rare"))
    ]
    rows = [f'c{n},"/m/1,/m/{n % 4},/m/unknown","A {word}\r\nsong",False' for n, word in enumerate(WORDS)]
    rows += ['t1,"/m/0,/m/2",A test,True', 't2,"/m/0,/m/3",Without a label,True', "c99,/m/1,a TEST!,False"]
    content = "ytid,audioset_positive_labels,caption,is_audioset_eval\r\n" + "\r\n".join(rows)
    files: dict[str, str | bytes] = {"musiccaps-public.csv": content, "ontology.json": json.dumps(classes)}
    dataset = get("musiccaps", [lay(tmp_path, files)])
    assert sets(dataset, "test") == {"t1": {"Singing"}}
    assert together(dataset) == {
        f"c{n}": {"Guitar"} | ({"Singing"} if n % 4 == 2 else set()) for n in range(len(WORDS))
    }
    assert texts(dataset)["c0"] == "A alfa\r\nsong"
    with pytest.raises(DataError, match=r"ontology\.json: not a list of classes"):
        get("musiccaps", [lay(tmp_path, {"ontology.json": '{"id": 1}'})])
