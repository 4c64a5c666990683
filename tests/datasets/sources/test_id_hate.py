"""The Indonesian tweets from an imitation of their file."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.datasets.sources.id_hate import LABELS
from tests.datasets.sources.imitation import WORDS, everywhere, get, lay, texts

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def test_id_hate(tmp_path: Path) -> None:
    """Escaped line ends and bytes, entities escaped twice, bytes that are no text, a quote left at the end."""
    rows = [
        f"USER {word}\\nsatu\\xf0\\x9f dua &amp;amp; tiga',1,{n % 2}" + ",0" * 10
        for n, word in enumerate(WORDS)
    ]
    again = "user ALFA satu dua & tiga" + ",0" * 12
    content = (
        ("Tweet," + ",".join(LABELS) + "\n" + "\n".join([*rows, again])).encode()
        + b"\nbroken \xf0 byte,1"
        + b",0" * 11
    )
    dataset = get("id_hate", [lay(tmp_path, {"re_dataset.csv": content})])
    assert dataset.labels == LABELS
    found = everywhere(dataset)
    assert found.pop(str(len(WORDS) + 1)) == {"HS"}
    assert found == {str(n): {"HS"} | ({"Abusive"} if n % 2 else set()) for n in range(len(WORDS))}
    assert texts(dataset)["0"] == "USER alfa satu dua & tiga"
    assert texts(dataset)[str(len(WORDS) + 1)] == "broken byte"
