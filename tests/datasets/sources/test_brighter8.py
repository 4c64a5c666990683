"""BRIGHTER from an imitation of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.datasets.sources.brighter8 import LANGUAGES, PARTS
from tests.datasets.sources.imitation import get, lay, sets

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def test_brighter8(tmp_path: Path) -> None:
    """Files of one name lie in three folders; what a training sentence says that a test sentence says is left out."""
    files: dict[str, str | bytes] = {}
    for part in PARTS.values():
        for language in LANGUAGES:
            rows = [f'{language}_{part}_{n},"{language} {part}, {"ab"[n]}",{n},0,0,1,0,0' for n in range(2)]
            files[f"{part}/{language}.csv"] = "id,text,anger,disgust,fear,joy,sadness,surprise\n" + "\n".join(
                rows
            )
    files["train/deu.csv"] = str(files["train/deu.csv"]) + "\ndeu_train_2,@USER deu test: a,1,0,0,0,0,0"
    dataset = get("brighter8", [lay(tmp_path / "track_a", files)])
    assert dataset.sizes == {"train": 16, "validation": 16, "test": 16}
    assert dataset.train.ids[:3] == ["deu_train_0", "deu_train_1", "esp_train_0"]
    assert sets(dataset, "test")["ukr_test_1"] == {"anger", "joy"}
