"""Answers agree with plain loops over the records, and the choice of the best one does not look at the test split."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlbench.report import report
from mlbench.report.analysis import Analysis
from mlbench.report.contrasts.answered import ContrastAnswer, answers
from mlbench.report.contrasts.asked import read_contrast
from mlbench.report.contrasts.table import contrasts_table
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.statistics.interval import mean_interval
from tests.report.synthetic import World, write

LOSSES = {"bce": 0.0, "asl": 0.02, "supcon": -0.02, "msc": 0.01}
DATA = tuple(f"set-{labels}" for labels in (7, 9, 12, 20, 24, 25, 26, 49, 50, 90, 300, 500))
WORLD = World(
    losses=LOSSES, datasets=DATA, noise=0.01, ceiling=(), families={"set-300": "big", "set-500": "big"}
)


def analysis_of(folder: Path, world: World = WORLD) -> Analysis:
    return Analysis(Grid(merge([write(folder, world)]).cells))


def scores(folder: Path, split: str, key: str) -> dict[tuple[str, str, float], float]:
    """Mean over seeds by loss, dataset and fraction, read off the files."""
    found: dict[tuple[str, str, float], list[float]] = defaultdict(list)
    for file in folder.glob("*/cells/*.json"):
        record: dict[str, Any] = json.loads(file.read_text())
        cell = record["cell"]
        found[cell["loss"]["id"], cell["dataset"], cell["fraction"]].append(record["metrics"][split][key])
    return {place: float(np.mean(values)) for place, values in found.items()}


def by_hand(folder: Path, ahead: list[str], behind: list[str], key: str, fraction: float) -> dict[str, float]:
    """The difference of the sides' best by validation on each family."""
    validation, test = scores(folder, "validation", key), scores(folder, "test", key)
    found = defaultdict(list)
    for data in DATA:
        sides = [max(side, key=lambda loss: validation[loss, data, fraction]) for side in (ahead, behind)]
        family = "big" if data in ("set-300", "set-500") else data
        found[family].append(test[sides[0], data, fraction] - test[sides[1], data, fraction])
    return {family: float(np.mean(values)) for family, values in found.items()}


def asked(analysis: Analysis, text: str) -> list[ContrastAnswer]:
    return list(answers(analysis, read_contrast(text)))


@pytest.mark.parametrize("key", ["map", "f1_macro@label"])
def test_the_best_by_validation_against_a_loop(tmp_path: Path, key: str) -> None:
    found = asked(analysis_of(tmp_path), f"best(supcon, msc) - best(bce, asl) on {key}")
    assert [(one.fraction, one.group) for one in found[:4]] == [
        (1, "all"),
        (1, "up to 25 labels"),
        (1, "26 to 49 labels"),
        (1, "50 labels and more"),
    ]
    for answer in found:
        fraction = (0.1, 1.0)[answer.fraction]
        expected = by_hand(tmp_path, ["supcon", "msc"], ["bce", "asl"], key, fraction)
        wanted = [expected[family] for family in answer.families]
        np.testing.assert_allclose(answer.points, wanted, atol=1e-9)
    assert [len(one.families) for one in found[:4]] == [11, 6, 2, 3]


def test_the_mean_of_several_and_one_against_one(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path)
    test = scores(tmp_path, "test", "map")
    (first, *_) = asked(analysis, "mean(bce, asl) - supcon")
    for family, value in zip(first.families, first.points, strict=True):
        data = ["set-300", "set-500"] if family == "big" else [family]
        plain = np.mean(
            [
                (test["bce", each, 1.0] + test["asl", each, 1.0]) / 2 - test["supcon", each, 1.0]
                for each in data
            ]
        )
        assert value == pytest.approx(plain, abs=1e-9)
    assert first.judged.interval == mean_interval(first.shares)
    assert first.judged.better


def test_less_is_better_where_it_is(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, World(**{**vars(WORLD), "keys": ("map", "ranking_loss")}))
    (first, *_) = asked(analysis, "asl - supcon on ranking_loss")
    assert first.leverage.mean > 0


def test_a_question_about_a_loss_that_lacks_results_has_no_answer_and_a_dataset_is_named(
    tmp_path: Path,
) -> None:
    world = World(**{**vars(WORLD), "missing": [("msc", "set-7", None, None), ("supcon", None, 1.0, None)]})
    analysis = analysis_of(tmp_path, world)
    (first, *_) = asked(analysis, "msc - bce")
    assert first.missing == ("set-7",)
    assert {one.fraction for one in asked(analysis, "supcon - bce")} == {0}
    table = contrasts_table(analysis, [read_contrast("msc - bce")])
    assert table is not None
    assert "since results are missing: set-7." in table.caption


def test_the_table_says_too_few_families_and_which_one_carries_it(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path)
    table = contrasts_table(analysis, [read_contrast("asl - bce")])
    assert table is not None
    verdicts = [row.entries[8].text for row in table.rows]
    assert verdicts[2] == "too few families"
    assert verdicts[0] == "better by 2 % or more"
    assert [row.entries[4].text for row in table.rows[:4]] == ["11", "6", "2", "3"]
    assert row_note(table, 5).endswith(" without one")
    assert "carries" not in table.caption
    assert contrasts_table(analysis, []) is None


def test_what_is_too_narrow_is_left_out_of_the_share_and_of_its_n(tmp_path: Path) -> None:
    cells = merge([write(tmp_path, WORLD)]).cells
    flat = cells["dataset"] == "set-20"
    cells.loc[flat, "floor_metrics/test/map"] = cells.loc[flat, "metrics/test/map"].max() - 0.01
    table = contrasts_table(
        Analysis(Grid(cells)), [read_contrast("asl - bce"), read_contrast("asl - bce on lrap")]
    )
    assert table is not None
    assert table.rows[0].entries[4].text == "10 of 11"
    assert (
        "Left out of % and verdicts of mAP, since less than 0.05 lies between floor and best: set-20."
        in table.caption
    )


def row_note(table: Any, column: int) -> str:
    return str(table.rows[0].entries[column].note)


def test_one_family_that_makes_the_difference_is_named(tmp_path: Path) -> None:
    cells = merge([write(tmp_path, World(**{**vars(WORLD), "noise": 0.0}))]).cells
    lifted = (cells["loss"] == "asl") & (cells["dataset"] == "set-20")
    cells.loc[lifted, "metrics/test/map"] += 0.4
    table = contrasts_table(Analysis(Grid(cells)), [read_contrast("asl - bce")])
    assert table is not None
    assert "set-20 alone makes more than half of the mean share of asl − bce (mAP)." in table.caption


@pytest.mark.slow
def test_page_document_and_files_have_it(tmp_path: Path) -> None:
    small = World(**{**vars(WORLD), "datasets": DATA[:7], "fractions": (1.0,), "families": {}})
    page = report(write(tmp_path / "results", small), tmp_path / "report", contrasts=["asl - bce"])
    assert "What was asked" in page.read_text()
    assert "asl − bce" in (tmp_path / "report" / "report.md").read_text()
    assert (tmp_path / "report" / "tables" / "contrasts.csv").read_text().count("asl − bce") == 3
