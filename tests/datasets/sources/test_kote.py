"""KOTE from an imitation of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.errors import DataError
from tests.datasets.sources.imitation import WORDS, everywhere, get, lay, texts

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def test_kote(tmp_path: Path) -> None:
    rows = [f'{n}\t"{word}  ""x"" \t0,{n % 2 + 42}' for n, word in enumerate(WORDS)]
    files: dict[str, str | bytes] = {
        "val.tsv": "\n".join(rows[:5]),
        "test.tsv": "\n".join([*rows[5:], "99\t" + '"ALFA ""x""\t1']),
    }
    dataset = get("kote", [lay(tmp_path, files)])
    assert everywhere(dataset) == {
        str(n): {"complaint", ("joy", "relief/trust")[n % 2]} for n in range(len(WORDS))
    }
    assert texts(dataset)["0"] == '"alfa  ""x""'


@pytest.mark.parametrize("row", ["7\ttext\t44", "7\ttext", "7\ttext\tjoy"])
def test_a_line_that_is_not_one(tmp_path: Path, row: str) -> None:
    files: dict[str, str | bytes] = {"val.tsv": f"1\ttext\t3\n{row}\n", "test.tsv": ""}
    with pytest.raises(DataError, match=r"val\.tsv, line 2: an id, a text and numbers from 0 to 43"):
        get("kote", [lay(tmp_path, files)])
