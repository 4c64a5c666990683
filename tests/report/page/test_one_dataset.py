"""The page of one dataset, from records with scores."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mlbench.records import Store
from mlbench.report import report
from tests.report.synthetic import World, records

LABELS = ("apples & pears", "<b>bold</b>", "cherries\x1b[2J")
ONE = World(
    datasets=("reuters21578",),
    fractions=(1.0,),
    losses={"bce": 0.0, "asl": 0.001, "supcon": -0.2},
    seeds=(0, 1),
    replicates=50,
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of one dataset whose cells kept their scores."""
    store = Store(tmp_path_factory.mktemp("one") / "synthetic")
    store.prepare()
    for record, scores in records(ONE):
        draw = np.random.default_rng(len(record["id"]))
        arrays = dict(scores or {})
        for split in ("validation", "test"):
            arrays[f"{split}_targets"] = (draw.random((40, 3)) < 0.4).astype(np.uint8)
            arrays[f"{split}_logits"] = draw.normal(size=(40, 3)).astype(np.float32)
        store.write(record, {**arrays, "labels": np.array(LABELS)})
    return report(store.folder, tmp_path_factory.mktemp("page"))


def test_the_answer_comes_first_and_nothing_is_said_across_families(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    headline = re.search(r'<p class="headline">(.*?)</p>', text)
    assert headline is not None
    assert headline[1].startswith("Take ")
    sections = re.findall(r'<section id="(\w+)"', text)
    assert sections[:4] == ["results", "labels", "reliability", "thresholds"]
    assert not {"claims", "datasets", "control", "curves"} & set(sections)
    assert '<p class="empty">' not in text.split('<script type="application/json"')[0]


def test_labels_are_sortable_rows_that_open_and_are_escaped(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    table = re.search(r'<table class="data" id="t-labels">.*?</table>', text, re.DOTALL)
    assert table is not None
    rows = re.findall(r"<summary>(.*?)</summary>(.*?)</details>", table[0], re.DOTALL)
    assert [name for name, _ in rows] == ["apples &amp; pears", "&lt;b&gt;bold&lt;/b&gt;", "cherries\\x1b[2J"]
    assert all(re.search(r"missed in \d+ of \d+ rows", opened) for _, opened in rows)
    assert "<b>bold</b>" not in text
    assert "\x1b" not in text
    assert re.search(r"precision (bce|asl)<", table[0])
    assert "inf" not in table[0]


def test_thresholds_lie_beside_the_page_for_a_program(page: Path) -> None:
    found = json.loads((page.parent / "thresholds.json").read_text(encoding="utf-8"))
    assert found["loss"] in ("bce", "asl"), "which is ahead is chance"
    assert set(found["thresholds"]) == set(LABELS)


def test_records_without_scores_have_the_answer_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "results" / "synthetic")
    store.prepare()
    for record, _ in records(ONE):
        store.write(record)
    text = report(store.folder, tmp_path / "page").read_text(encoding="utf-8")
    sections = re.findall(r'<section id="(\w+)"', text)
    assert sections[0] == "results"
    assert "labels" not in sections
