"""GermEval 2021 from an imitation of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.sources.imitation import WORDS, get, lay, sets, together

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def test_germeval21(tmp_path: Path) -> None:
    """A training comment that says what a test comment says is left out, names and punctuation aside."""
    head = "comment_id,comment_text,Sub1_Toxic,Sub2_Engaging,Sub3_FactClaiming\n"
    train = [f'{n},"{word}, sagt er",0,{n % 2},1' for n, word in enumerate(WORDS)]
    files: dict[str, str | bytes] = {
        "GermEval21_TrainData.csv": head
        + "\n".join([*train, "90,Träum weiter,1,0,0", '91,"ALFA,  sagt er",1,0,0']),
        "GermEval21_TestData.csv": head + "3000,@USER träum weiter!,1,0,0\n3001,was,0,0,0\n",
    }
    dataset = get("germeval21", [lay(tmp_path, files)])
    assert dataset.labels == ("toxic", "engaging", "fact-claiming")
    assert sets(dataset, "test") == {"test-3000": {"toxic"}, "test-3001": set()}
    assert together(dataset) == {
        f"train-{n}": {"fact-claiming"} | ({"engaging"} if n % 2 else set()) for n in range(len(WORDS))
    }
