"""What was read rightly before the loader had as many parameters keeps its fingerprint, and a cell its id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlbench.datasets import fingerprint, load
from mlbench.suite import parse_suite
from tests.datasets.user.kinds import TAGS, table

TEXTS = [f"text {row}" for row in range(40)]
MARKS = {"x": [1, 0] * 20, "y": [0, 1, 1, -1] * 10, "n": list(range(40))}


@pytest.mark.parametrize(
    ("parameters", "before"),
    [
        ({"path": "a.csv", "separator": ";"}, "df387fc01ab09928944504ef32d3090b"),
        ({"path": "b.csv", "separator": "json"}, "df387fc01ab09928944504ef32d3090b"),
        ({"path": "c.csv", "labels": ["x", "y"]}, "61426f5e0ff69e832e3295ab34055968"),
        ({"path": "c.csv", "labels": ["x", "y"], "features": ["n"]}, "a012d464a5e543abd7a96228f1b3acc2"),
        ({"path": "d.jsonl"}, "df387fc01ab09928944504ef32d3090b"),
        ({"path": "e.parquet"}, "1525acb21d931d2a602815c3ea8c21f8"),
    ],
)
def test_fingerprints(
    parameters: dict[str, Any], before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    table("a.csv", {"text": TEXTS, "labels": [";".join(names) for names in TAGS]})
    table("b.csv", {"text": TEXTS, "labels": [json.dumps(names) for names in TAGS]})
    table("c.csv", {"text": TEXTS, **MARKS})
    rows = [json.dumps({"text": text, "labels": names}) for text, names in zip(TEXTS, TAGS, strict=True)]
    Path("d.jsonl").write_text("\n".join(rows))
    ids = [f"r{row}" for row in range(40)]
    pq.write_table(pa.table({"text": TEXTS, "labels": TAGS, "id": ids}), "e.parquet")
    assert load("own", parameters, name="mine").fingerprint == before
    assert fingerprint("own", {**parameters, "missing": "drop", "unreadable": "skip"}) == before


def test_ids_are_of_the_content_and_not_of_how_it_was_read() -> None:
    suite = """
        losses = ["bce"]
        [[datasets]]
        name = "mine"
        path = "mine.csv"
        encoder = "bag"
    """
    plain, told = (
        [cell.id("content") for cell in parse_suite(f'name = "s"\n{suite}{more}', "s").cells()]
        for more in ("", 'missing = "drop"\n        na_values = ["NaN"]\n')
    )
    assert plain == told
