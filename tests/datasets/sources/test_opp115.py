"""OPP-115 from an imitation of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.errors import DataError
from tests.datasets.sources.imitation import get, lay, sets, texts

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def test_opp115(tmp_path: Path) -> None:
    """A line for each pair of segment and category; two that a spreadsheet spoilt; one that stands in test too."""
    train = [
        '"We collect names, and more. ",First Party Collection/Use',
        "#NAME?,Data Security",
        "Short ,Data Security",
        "We never share anything.,Third Party Sharing/Collection",
        '"We collect names, and more. ",Data Retention',
        "Contact us at any time,Privacy contact information",
    ]
    files: dict[str, str | bytes] = {
        "train_dataset.csv": "\n".join(train),
        "validation_dataset.csv": "We validate all we do,Policy Change\n",
        "test_dataset.csv": "CONTACT us at any time!,Introductory/Generic\n",
    }
    dataset = get("opp115", [lay(tmp_path, files)])
    assert sets(dataset, "train") == {
        "train-0": {"First Party Collection/Use", "Data Retention"},
        "train-1": {"Third Party Sharing/Collection"},
    }
    assert sets(dataset, "test") == {"test-0": {"Introductory/Generic"}}
    assert texts(dataset)["train-0"] == "We collect names, and more."
    with pytest.raises(DataError, match=r"test_dataset\.csv, line 1: a segment and a category are needed"):
        get("opp115", [lay(tmp_path, {"test_dataset.csv": "a segment alone\n"})])
