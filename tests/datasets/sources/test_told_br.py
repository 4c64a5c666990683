"""ToLD-Br from an imitation of its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.sources.imitation import WORDS, everywhere, get, lay, texts

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def test_told_br(tmp_path: Path) -> None:
    head = "text,homophobia,obscene,insult,racism,misogyny,xenophobia\n"
    rows = [f'"{word}\n\naaa  &amp; bbb\ufffd",0.0,{n % 2}.0,2.0,0.0,0.0,0.0' for n, word in enumerate(WORDS)]
    again = '"ALFA aaa & bbb",3.0,0.0,0.0,0.0,0.0,0.0'
    dataset = get("told_br", [lay(tmp_path, {"ToLD-BR.csv": head + "\n".join([*rows, again])})])
    assert everywhere(dataset) == {
        str(n): {"insult"} | ({"obscene"} if n % 2 else set()) for n in range(len(WORDS))
    }
    assert texts(dataset)["0"] == "alfa aaa & bbb"
    assert all(dataset.sizes.values())
