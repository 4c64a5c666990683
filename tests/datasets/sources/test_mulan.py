"""MULAN's sets from imitations of their files, sparse and dense."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.errors import DataError
from tests.datasets.sources.imitation import get, lay, sets, together

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")

LABELS = '<labels xmlns="http://mulan.sourceforge.net/labels">{}</labels>'


def sparse(rows: list[str]) -> str:
    names = [*(f"Cluster{n}" for n in range(1, 21)), r"'the \'sky'", "sun", "rare"]
    head = "".join(f"@attribute {name} {{0,1}}\n" for name in names)
    return (
        "@relation Corel5k\n\n"
        + head
        + "\n@data\n\n% what follows\n"
        + "\n".join(f"{{{row}}}" for row in rows)
    )


def test_corel5k(tmp_path: Path) -> None:
    """Sparse rows; a training row with the features of a test row is left out, and so is a label of two rows."""
    train = [f"{n % 20} 1,{(n * 7 + n // 20) % 20} 1,20 1" + (",22 1" if n < 2 else "") for n in range(40)]
    files: dict[str, str | bytes] = {
        "Corel5k-test-sparse.arff": sparse([f"{n} 1,{n + 1} 1,{n + 3} 1,21 1" for n in range(16)]),
        "Corel5k-train-sparse.arff": sparse([*train, "0 1,1 1,3 1,20 1"]),
        "Corel5k.xml": LABELS.format(
            "".join(f'<label name="{name}"/>' for name in ("sun", r"the \'sky", "rare"))
        ),
    }
    dataset = get("corel5k_feat", [lay(tmp_path, files)])
    assert dataset.labels == ("sun", "the 'sky")
    assert sets(dataset, "test") == {f"test-{n}": {"sun"} for n in range(16)}
    found = together(dataset)
    assert "train-40" not in found
    assert set().union(*found.values()) == {"the 'sky"}
    assert dataset.test.inputs[0].tolist() == [1.0, 1.0, 0.0, 1.0] + [0.0] * 16


def test_scene(tmp_path: Path) -> None:
    """Dense rows of numbers, the labels behind them."""
    head = "@relation s\n@attribute Att1 numeric\n@attribute Att2 numeric\n@attribute Beach {0,1}\n@data\n"
    files: dict[str, str | bytes] = {
        "scene-test.arff": head + "".join(f"0.{n},-1e-2,1\n" for n in range(10, 20)),
        "scene-train.arff": head + "".join(f"{n},0.5,{n % 2}\n" for n in range(60)),
        "scene.xml": LABELS.format('<label name="Beach"></label>'),
    }
    dataset = get("scene_feat", [lay(tmp_path, files)])
    assert dataset.test.inputs[1].tolist() == pytest.approx([0.11, -0.01])
    assert together(dataset) == {f"train-{n}": {"Beach"} if n % 2 else set() for n in range(60)}
    with pytest.raises(DataError, match=r"scene-train\.arff, line 6: 2 values for 3 attributes"):
        get("scene_feat", [lay(tmp_path, {"scene-train.arff": head + "1,2\n"})])
    with pytest.raises(
        DataError, match=r"scene-train\.arff, line 6: numbers, or .* with places below 3, are needed"
    ):
        get("scene_feat", [lay(tmp_path, {"scene-train.arff": head + "{3 1}\n"})])
    with pytest.raises(DataError, match=r"there is no attribute 'Sea', a label by scene\.xml"):
        get("scene_feat", [lay(tmp_path, {"scene.xml": LABELS.format('<label name="Sea"/>')})])
