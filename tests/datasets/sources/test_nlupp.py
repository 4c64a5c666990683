"""NLU++ from an imitation of its folds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlbench.datasets.sources.nlupp import DOMAINS, LABELS
from mlbench.errors import DataError
from tests.datasets.sources.imitation import get, lay, sets

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def test_nlupp(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {}
    for domain in DOMAINS:
        for fold in range(20):
            rows = [
                {"text": f"{domain} {'abcdefghijklmnopqrst'[fold]} {word}", "intents": ["card", "so_rare"]}
                for word in ("first", "second")
            ]
            files[f"{domain}/fold{fold}.json"] = json.dumps(
                [*rows, {"text": f"{domain} {'xyz' * fold} none"}]
            )
    dataset = get("nlupp", [lay(tmp_path / "data", files)])
    assert dataset.labels == LABELS
    assert {name.rsplit("-", 1)[0] for name in dataset.validation.ids} == {
        f"{domain}-{fold}" for domain in DOMAINS for fold in (1, 11)
    }
    assert dataset.sizes == {"train": 84, "validation": 12, "test": 24}
    assert sets(dataset, "test")["hotels-15-1"] == {"card"}
    assert sets(dataset, "test")["hotels-15-2"] == set()
    with pytest.raises(DataError, match=r"banking/fold3\.json: not valid JSON"):
        get("nlupp", [lay(tmp_path / "data", {"banking/fold3.json": "["})])
