"""The Netflix list from an imitation of its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.sources.imitation import WORDS, everywhere, get, lay, texts

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def test_netflix(tmp_path: Path) -> None:
    """Of titles with the same description the first stays; a genre on fewer than 15 titles is left out."""
    rows = [
        f's{n},Film {n},"Dramas, Comedies{", Rare" if n == 0 else ""}","About {w}, again"'
        for n, w in enumerate(WORDS)
    ]
    rows += ["s90,Alone,Rare,About one thing", 's91,Twice,Dramas,"ABOUT  alfa, again"']
    content = "show_id,title,listed_in,description\n" + "\n".join(rows)
    dataset = get("netflix", [lay(tmp_path, {"netflix_titles.csv": content})])
    assert everywhere(dataset) == {f"s{n}": {"Dramas", "Comedies"} for n in range(len(WORDS))}
    assert texts(dataset)["s0"] == "Film 0. About alfa, again"
