"""Every metric anew from stored scores: the same numbers, whole files, and what cannot be rescored said so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mlbench.errors import DataError, UnknownNameError
from mlbench.metrics.catalog import VERSION
from mlbench.records import SCHEMA, Store
from mlbench.runner.rescore import Rescored, _rescore, rescore
from mlbench.training import run_cell
from mlbench.training.scoring.measure import GroundTruth, as_stored
from tests.metrics.cases import make_case
from tests.records.least import LEAST_CELL
from tests.training.cells import load, make_cell

PLUGIN = """
import mlbench
from mlbench.metrics import Metric


@mlbench.register_metric("gap")
class Gap(Metric):
    \"\"\"The mean over samples of the highest logit.\"\"\"

    kind = "ranking"
    direction = "higher"
    bounds = (None, None)
    formula = "mean_i max_l s_il"

    def __call__(self, view):
        return view.mean_over_samples(view.scored.logits.amax(1).double())
"""


def finish(store: Store, identifier: str, seed: int = 0, dtype: str = "float32", probe: bool = True) -> Any:
    """Write a finished cell as training leaves it; gives its record."""
    store.prepare()
    validation, test, other = (make_case(70, 10, seed=3 * seed + i, unscored=0.1) for i in range(3))
    counts = np.arange(10)
    truth = GroundTruth(validation.targets, test.targets, counts, counts, 600)
    scores: dict[str, Any] = {"validation_targets": validation.targets, "test_targets": test.targets}
    numbers: dict[str, Any] = {"metrics": None, "probe_metrics": None, "floor_metrics": truth.floor(60)}
    readings = {"metrics": (validation.scores, test.scores, -0.5)}
    if probe:
        readings["probe_metrics"] = (validation.scores + 1, other.scores, 0.0)
    for reading, (own, tested, threshold) in readings.items():
        kept = [part.astype(dtype) for part in (own, tested)]
        middle = "_probe" if reading == "probe_metrics" else ""
        scores |= {f"validation{middle}_logits": kept[0], f"test{middle}_logits": kept[1]}
        logits = [torch.from_numpy(part.astype(np.float32)) for part in kept]
        numbers[reading] = truth.measure(*logits, threshold)
        scores |= truth.replicates(*logits, threshold, f"{middle[1:]}_bootstrap".removeprefix("_"))
    sizes = {"train": 600, "validation": 70, "test": 70, "rows": 60}
    about = {"label_counts": {"train": counts.tolist()}, "seen_counts": counts.tolist(), "sizes": sizes}
    record = {
        "schema": SCHEMA,
        "id": identifier,
        "suite": "s",
        "cell": {**LEAST_CELL, "seed": seed},
        "status": "done",
        "error": None,
        **numbers,
        "threshold": {"metrics": -0.5, "probe_metrics": 0.0 if probe else None},
        "dataset": about,
        "metrics_version": VERSION,
    }
    store.write(record, scores)
    return record


def outcomes(results: Path, **options: Any) -> dict[str, str]:
    return {found.id: found.outcome for found in rescore(results, jobs=1, **options)}


def tamper(store: Store, identifier: str, *readings: str) -> None:
    """Replace the numbers of a record, as if older code had written it."""
    record = store.read(identifier)
    for reading in readings:
        record[reading] = {"validation": {"map": 0.5}, "test": {"map": 0.25, "gone": 1.0}}
    store.write(record)


def test_what_was_measured_is_found_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    originals = {name: finish(store, name, seed) for seed, name in enumerate(("a", "b", "c"))}
    originals["d"] = finish(store, "d", 3, probe=False)
    assert outcomes(tmp_path) == dict.fromkeys("abcd", "same")
    tamper(store, "a", "metrics", "floor_metrics")
    tamper(store, "b", "probe_metrics")
    scores = store.scores("c")
    store.write(store.read("c"), {key: array for key, array in scores.items() if key != "bootstrap/map"})
    heard: list[tuple[int, int]] = []
    found = rescore(tmp_path, jobs=2, on_record=lambda _, done, total: heard.append((done, total)))
    assert {entry.id: entry.outcome for entry in found} == {
        **dict.fromkeys("abc", "changed"),
        "d": "same",
    }
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]
    for name, original in originals.items():
        assert store.read(name) == original
    assert store.scores("c").keys() == scores.keys()
    np.testing.assert_array_equal(store.scores("c")["bootstrap/map"], scores["bootstrap/map"])
    assert list(store.tmp_folder.iterdir()) == []


def test_a_trial_that_keeps_no_replicates_gets_none(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    record = finish(store, "a")
    record["cell"]["train"] = {"bootstrap": False}
    bare = {key: array for key, array in store.scores("a").items() if "bootstrap" not in key}
    store.write(record, bare)
    assert outcomes(tmp_path) == {"a": "same"}
    tamper(store, "a", "metrics")
    assert outcomes(tmp_path) == {"a": "changed"}
    assert store.read("a") == record
    assert store.scores("a").keys() == bare.keys()


def test_a_second_time_writes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    finish(store, "a")
    tamper(store, "a", "metrics")
    assert outcomes(tmp_path) == {"a": "changed"}
    files = (store.cell_file("a"), store.scores_file("a"))
    before = [file.stat().st_mtime_ns for file in files]
    assert outcomes(tmp_path) == {"a": "same"}
    assert [file.stat().st_mtime_ns for file in files] == before


def test_only_the_metrics_that_are_asked_for(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    original = finish(store, "a")
    tamper(store, "a", "metrics")
    assert outcomes(tmp_path, metrics=["map", "OF1"]) == {"a": "changed"}
    found = store.read("a")["metrics"]["test"]
    expected = {
        key: number
        for key, number in original["metrics"]["test"].items()
        if key.split("@")[0].split("/")[0] in ("map", "f1_micro")
    }
    assert found == {**expected, "gone": 1.0}
    with pytest.raises(UnknownNameError, match="did you mean 'map'"):
        rescore(tmp_path, metrics=["mpa"])


def test_half_precision_scores_are_raised_first(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    original = finish(store, "a", dtype="float16")
    tamper(store, "a", "metrics", "probe_metrics")
    assert outcomes(tmp_path) == {"a": "changed"}
    assert store.read("a") == original


def test_a_cell_that_keeps_half_precision_is_measured_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    store.prepare()
    numbers = {}
    for precision in ("float32", "float16"):
        result = run_cell(make_cell("asl"), load("synthetic-features"), scores=precision)  # type: ignore[arg-type]
        about = {"schema": SCHEMA, "id": precision, "cell": LEAST_CELL, "status": "done", "error": None}
        store.write({**about, **result.parts}, result.scores)
        assert {array.dtype for key, array in result.scores.items() if key.endswith("logits")} == {
            np.dtype(precision)
        }
        numbers[precision] = result.parts["metrics"]["test"]["brier"]
    assert numbers["float32"] != numbers["float16"]
    assert outcomes(tmp_path) == dict.fromkeys(numbers, "same")


def test_logits_beyond_half_precision_are_cut_to_its_range() -> None:
    kept = as_stored({"test": torch.tensor([[1e9, -1e9, 1.0, torch.nan]])}, "float16")["test"]
    assert kept[0, :3].tolist() == [65504.0, -65504.0, 1.0]
    assert kept[0, 3].isnan()


def test_packed_records_are_rescored_into_files_of_their_own(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    original = finish(store, "a")
    tamper(store, "a", "metrics")
    store.pack()
    store.cell_file("a").unlink()
    assert outcomes(tmp_path) == {"a": "changed"}
    assert store.read("a") == original


def damage(file: Path) -> None:
    """Turn over the first packed bytes of every member: their streams can no longer be unpacked."""
    content = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    for member in members:
        names = int.from_bytes(content[member.header_offset + 26 :][:2], "little")
        names += int.from_bytes(content[member.header_offset + 28 :][:2], "little")
        start = member.header_offset + 30 + names
        content[start : start + 8] = bytes(255 - byte for byte in content[start : start + 8])
    file.write_bytes(content)


@pytest.mark.filterwarnings("ignore:unclosed file")  # numpy leaves a broken archive open
def test_what_cannot_be_rescored_is_left_alone_with_the_reason(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    for seed, name in enumerate(("bare", "broken", "whole", "old", "torn", "damaged", "array")):
        finish(store, name, seed)
    store.scores_file("bare").unlink()
    store.scores_file("broken").write_bytes(store.scores_file("whole").read_bytes()[:5000])
    damage(store.scores_file("damaged"))
    with store.scores_file("array").open("wb") as file:
        np.save(file, np.zeros(9))
    old = store.read("old")
    del old["dataset"]["seen_counts"]
    store.write(old)
    store.cell_file("torn").write_text('{"schema": 1, "id"')
    error = {"class": "oom", "message": "", "traceback": ""}
    store.write({"schema": SCHEMA, "id": "failed", "cell": LEAST_CELL, "status": "failed", "error": error})
    tamper(store, "whole", "metrics")
    before = {file.name: file.read_bytes() for file in store.cells_folder.iterdir()}
    found = {entry.id: entry for entry in rescore(tmp_path, jobs=1)}
    assert found["whole"].outcome == "changed"
    assert found["failed"].outcome == "unfinished"
    reasons = {
        "bare": "kept no scores",
        "broken": "cannot be read",
        "damaged": "cannot be read",
        "array": "cannot be read",
        "old": "lack 'seen_counts'",
        "torn": "not a whole record",
    }
    for name, reason in reasons.items():
        assert found[name].outcome == "left"
        assert reason in found[name].reason
        assert store.cell_file(name).read_bytes() == before[f"{name}.json"]
    with pytest.raises(DataError, match="no results here"):
        rescore(tmp_path / "nowhere")


class Busy(Store):
    """A store in which another process replaces a record while its scores are read."""

    def scores(self, identifier: str) -> dict[str, np.ndarray]:
        finish(Store(self.folder), identifier, seed=9)
        return super().scores(identifier)


def test_a_record_that_is_replaced_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    finish(store, "a")
    found = _rescore(Busy(store.folder), "a", frozenset(), ())
    assert found == Rescored(store.folder, "a", "left", found.reason)
    assert "rescore again" in found.reason
    assert store.read("a")["cell"]["seed"] == 9


def test_a_plugin_s_metric_enters_old_records(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    for seed, name in enumerate("ab"):
        finish(store, name, seed)
    plugin = tmp_path / "gap.py"
    plugin.write_text(PLUGIN)
    script = (
        "import sys; from pathlib import Path; from mlbench.runner.rescore import rescore\n"
        "found = rescore(Path(sys.argv[1]), jobs=2, plugins=[Path(sys.argv[2])])\n"
        "assert [entry.outcome for entry in found] == ['changed'] * 2, found"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path), str(plugin)], check=True)
    for name in "ab":
        logits = store.scores(name)["test_logits"].astype(np.float64)
        assert store.read(name)["metrics"]["test"]["gap"] == pytest.approx(logits.max(1).mean())


def test_a_kill_in_the_middle_leaves_whole_records(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    originals = {}
    for seed in range(12):
        name = f"cell{seed:02}"
        originals[name] = finish(store, name, seed)
        tamper(store, name, "metrics", "floor_metrics")
    script = (
        "import sys; from pathlib import Path; from mlbench.runner.rescore import rescore\n"
        "rescore(Path(sys.argv[1]), jobs=1, on_record=lambda *_: print('one', flush=True))"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline() == "one\n"
        os.killpg(process.pid, signal.SIGKILL)
    records = {name: json.loads(store.cell_file(name).read_text()) for name in originals}
    rewritten = [name for name, record in records.items() if record == originals[name]]
    assert 3 <= len(rewritten) < 12
    found = rescore(tmp_path, jobs=1)
    assert {entry.id for entry in found if entry.outcome == "same"} == set(rewritten)
    assert {name: store.read(name) for name in originals} == originals
