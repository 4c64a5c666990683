"""The peptides from an imitation of their files."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from mlbench.datasets.sources.peptides import LABELS, features_of
from mlbench.errors import DataError
from tests.datasets.sources.imitation import get, lay, sets, together

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def rows(*sequences: str, mark: str = "1" + "0" * 19 + "1") -> str:
    return "".join(f">{mark}\n{sequence}\n" for sequence in sequences)


def test_peptides(tmp_path: Path) -> None:
    """Sequences with other letters are left out, and training ones with the features of a test one."""
    train = ["".join(letters) for letters in permutations("ACDE")]
    files: dict[str, str | bytes] = {
        "train.txt": rows(*train, "ACX", "KK"),
        "test.txt": rows("KKK", "KK", "BJZ"),
    }
    dataset = get("peptides", [lay(tmp_path, files)])
    assert dataset.labels == LABELS
    assert sets(dataset, "test") == {"KKK": {"AAP", "THP"}, "KK": {"AAP", "THP"}}
    assert set(together(dataset)) == set(train)
    with pytest.raises(DataError, match=r"train\.txt, line 1: 21 digits 0 or 1 are needed"):
        get("peptides", [lay(tmp_path, {"train.txt": ">102\nAC\n"})])


def test_features() -> None:
    features = features_of("AACA")
    assert len(features) == 420
    assert features[:2] == [0.75, 0.25]
    assert {place: value for place, value in enumerate(features[20:]) if value} == pytest.approx(
        {0: 1 / 3, 1: 1 / 3, 20: 1 / 3}
    )
