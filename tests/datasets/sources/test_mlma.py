"""MLMA from an imitation of its archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.sources.imitation import WORDS, everywhere, get, texts, zipped

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def test_mlma(tmp_path: Path) -> None:
    """Values of four columns, those rarer than 30 left out; of the same text the first stays."""
    head = "HITId,tweet,sentiment,directness,annotator_sentiment,target,group\n"
    tweets = [f"{word} &amp;  {n}" for n in range(2) for word in WORDS]
    rows = [
        f"{n},{text},{'fearful_' if n == 0 else ''}offensive_hateful,direct,anger,origin,women"
        for n, text in enumerate(tweets)
    ]
    files = {
        f"m/{part}.csv": head + f"7,{part},offensive,direct,anger,origin,x\n"
        for part in ("fr_dataset", "ar_dataset")
    }
    again = "99,ALFA & 0,offensive,direct,anger,origin,x\n"
    english = head + "\n".join(rows) + "\n" + again
    dataset = get(
        "mlma", [zipped(tmp_path / "hate.zip", {**files, "m/en_dataset_with_stop_words.csv": english})]
    )
    found = everywhere(dataset)
    assert set(found) == {f"en-{n}" for n in range(len(tweets))} | {"fr-7", "ar-7"}
    assert found["en-0"] == {
        "tone: offensive",
        "tone: hateful",
        "directness: direct",
        "felt: anger",
        "target: origin",
    }
    assert texts(dataset)["en-0"] == "alfa &  0"
