"""CVE to ATT&CK from an imitation of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.datasets.sources.cve_attack import LABELS
from tests.datasets.sources.imitation import get, lay, sets, texts

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def test_cve_attack(tmp_path: Path) -> None:
    head = "ID,Text," + ",".join(LABELS) + "\n"

    def rows(part: str, *said: str) -> str:
        return head + "".join(
            f'{part}-{n}," {text} ",0,{n},1.0' + ",0" * 11 + "\n" for n, text in enumerate(said)
        )

    files: dict[str, str | bytes] = {
        "data/1/train_1.csv": rows("train", "An issue, here", "An issue (4)"),
        "data/1/val_1.csv": rows("val", "Another one"),
        "data/test_data.csv": rows("test", "An issue 3"),
        "data/2/train_2.csv": rows("other", "A fold that is not read"),
    }
    dataset = get("cve_attack", [lay(tmp_path, files)])
    assert sets(dataset, "train") == {"train-0": {"Initial Access"}}
    assert sets(dataset, "test") == {"test-0": {"Initial Access"}}
    assert texts(dataset)["train-0"] == "An issue, here"
