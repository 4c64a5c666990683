"""Published cells trained again: the same bits here, and no word that is kinder than the numbers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlbench.errors import DataError
from mlbench.records import Store
from mlbench.runner import RunOptions, run_suites
from mlbench.runner.verify import TOLERANCE, Verified, verify
from mlbench.suite import parse_suite
from tests.cli.test_commands import mlbench
from tests.test_replies import loud as loud

SUITE = """
name = "tiny"
seeds = [0, 1]
fractions = [1.0]
losses = ["bce"]
train = { epochs = 1, min_steps = 5, evaluations = 1, probe = "needed", bootstrap = false }
[[datasets]]
name = "synthetic-features"
samples = 300
labels = 9
encoder = "features"
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cells, packed, and nothing else."""
    folder = tmp_path_factory.mktemp("published")
    run_suites([parse_suite(SUITE, "tiny.toml")], RunOptions(results=folder, device="cpu", jobs=1))
    store = Store(folder / "tiny")
    store.pack()
    for file in store.cells_folder.iterdir():
        file.unlink()
    return folder


def changed(folder: Path, to: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The same records, each changed."""
    store = Store(to / "tiny")
    store.prepare()
    for record in Store(folder / "tiny").records():
        assert isinstance(record, dict)
        change(record)
        store.write(record)
    return to


def one(folder: Path) -> Verified:
    (found,) = verify(folder, cells=1, seed=0)
    return found


def move_map(by: float) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        record["metrics"]["test"]["map"] += by

    return change


def elsewhere(record: dict[str, Any]) -> None:
    record["environment"]["cpu_flags"] = "another"


@pytest.mark.slow
def test_what_was_made_here_is_the_same_bit_for_bit_and_each_cell_is_heard_of(published: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    found = verify(
        published, cells=5, seed=3, on_cell=lambda each, n, of: heard.append((each.verdict, n, of))
    )
    assert [each.verdict for each in found] == ["same", "same"]
    assert heard == [("same", 1, 2), ("same", 2, 2)]
    assert {each.cell for each in found} == {f"synthetic-features · 1 · seed {seed} · bce" for seed in (0, 1)}


@pytest.mark.parametrize(
    ("by", "another_processor", "verdict"),
    [
        (1e-9, False, "differs"),
        (TOLERANCE / 2, False, "differs"),
        (TOLERANCE / 2, True, "close"),
        (TOLERANCE * 2, True, "differs"),
    ],
)
def test_a_number_that_differs(
    published: Path, tmp_path: Path, by: float, another_processor: bool, verdict: str
) -> None:
    def change(record: dict[str, Any]) -> None:
        move_map(by)(record)
        if another_processor:
            elsewhere(record)

    found = one(changed(published, tmp_path, change))
    assert found.verdict == verdict
    assert found.largest == pytest.approx(by, rel=1e-3)
    assert ("cpu_flags: another in the record" in found.reason) == another_processor


def test_a_lean_trial_is_compared_by_what_was_published(published: Path, tmp_path: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        for split in ("validation", "test"):
            record["metrics"][split] = {"map": record["metrics"][split]["map"]}
            record["floor_metrics"][split] = {}

    assert one(changed(published, tmp_path, change)).verdict == "same"


@pytest.mark.slow
def test_a_metric_that_is_gone_an_older_protocol_and_other_data_are_told(
    published: Path, tmp_path: Path
) -> None:
    def gone(record: dict[str, Any]) -> None:
        record["metrics"]["test"]["no_such_metric"] = 0.5

    def older(record: dict[str, Any]) -> None:
        record["code"]["training"] = 2
        move_map(0.01)(record)

    def other_data(record: dict[str, Any]) -> None:
        record["dataset"]["fingerprint"] = "0" * 32

    def nowhere(record: dict[str, Any]) -> None:
        record["cell"] |= {"loader": "voc2007", "dataset": "voc2007", "dataset_parameters": {}}

    expected = {
        "gone": (gone, "differs", "there is no no_such_metric here"),
        "older": (older, "differs", "TRAINING_VERSION: 2 in the record"),
        "data": (other_data, "no data", "fingerprint is 00000"),
        "nowhere": (nowhere, "no data", "dataset 'voc2007' is not on this machine"),
    }
    for name, (change, verdict, reason) in expected.items():
        found = one(changed(published, tmp_path / name, change))
        assert (found.verdict, reason in found.reason) == (verdict, True), found


def test_a_cell_that_cannot_be_trained_is_failed_and_no_results_are_an_error(
    published: Path, tmp_path: Path
) -> None:
    def unknown(record: dict[str, Any]) -> None:
        record["cell"]["loss"]["parameters"]["nonsense"] = 1

    assert one(changed(published, tmp_path / "a", unknown)).verdict == "failed"
    with pytest.raises(DataError, match="no results here"):
        verify(tmp_path / "nowhere")


def test_the_command_says_it_cell_by_cell_and_exits_accordingly(published: Path, tmp_path: Path) -> None:
    said = mlbench("verify", str(published), "--cells", "1", "--seed", "0")
    assert "[1/1] synthetic-features · 1 · seed" in said.stdout
    assert said.stdout.rstrip().endswith("1 same")
    moved = changed(published, tmp_path, move_map(0.001))
    bad = mlbench("verify", str(moved), "--cells", "1", "--json", code=1)
    (row,) = json.loads(bad.stdout)
    assert row["verdict"] == "differs"


def test_what_a_plugin_prints_or_leaves_behind_is_no_reply_and_is_not_waited_for(
    published: Path, loud: Path
) -> None:
    """Its own words look like a reply of a cell that failed; what it starts holds the output open."""
    with loud.open("a", encoding="utf-8") as file:
        file.write("import subprocess\nsubprocess.Popen(['sleep', '987'], start_new_session=True)\n")
    began = time.monotonic()
    (found,) = verify(published, cells=1, seed=0, plugins=[loud])
    assert found.verdict == "same", found
    assert time.monotonic() - began < 300
    # A process that was killed is listed until the system has come to it.
    while ["sleep", "987"] in [each.info["cmdline"] for each in psutil.process_iter(["cmdline"])]:
        assert time.monotonic() - began < 330
        time.sleep(0.2)


@pytest.mark.skipif(
    "MLBENCH_DATA" not in os.environ, reason="MLBENCH_DATA does not name a folder of datasets"
)
def test_one_cheap_cell_of_the_study() -> None:
    """Published numbers can be had again, on this machine with these packages."""
    study = Path(__file__).parents[2] / "results" / "study"
    if not (study / "records.parquet").is_file():
        pytest.skip("the study's records are not here")
    store = Store(study)
    cheap = [
        head for head in store.heads() if head["cell"]["dataset"] == "yeast" and head["status"] == "done"
    ]
    if not cheap:
        pytest.skip("no cell of yeast yet")
    from mlbench.runner.verify import _verify

    found = _verify(store, min(str(head["id"]) for head in cheap), None, ())
    assert found.verdict in ("same", "close"), found
