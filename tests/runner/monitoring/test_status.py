"""What stands in a results folder, read from the files of runs that are over or still going."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlbench.cli.render import print_status
from mlbench.records import Store
from mlbench.records.codec import encode
from mlbench.runner import run_suites, status
from mlbench.runner.scheduling.locks import CellLock
from mlbench.runner.scheduling.run_lock import RunLock
from mlbench.runner.worker.environment import now
from mlbench.version import TRAINING_VERSION
from tests.runner.conftest import MakeOptions, MakeSuite
from tests.runner.monitoring.test_reporters import record


def test_status_sees_records_locks_and_runs(suite: MakeSuite, options: MakeOptions, tmp_path: Path) -> None:
    results = tmp_path / "results"
    store = Store(results / "toys")
    store.prepare()
    run = RunLock(store)
    run.start({"cells": 5, "suites": ["toys"], "started": now()})
    run_suites([suite("done", "nan")], options())
    about = {"dataset": "toy0", "fraction": 1.0, "seed": 0, "loss": "bce"}
    lock = CellLock.acquire(store, "aa", about)
    assert lock is not None
    (store.cells_folder / "broken.json").write_text('{"schema": 1')
    found = status(results)
    [one] = found.suites
    assert (one.done, dict(one.failed)) == (1, {"nonfinite": 1})
    [failure] = one.failures.values()
    assert failure.cells == 1
    assert failure.reason.startswith("nonfinite: ")
    assert json.loads(Path(failure.record).read_text())["status"] == "failed"
    assert [running["loss"] for running in one.running] == ["bce"]
    assert one.best["toy0"].loss == "done"
    assert len(one.problems) == 1
    assert "broken.json" in one.problems[0]
    [running] = found.runs
    assert (running.cells, running.finished) == (5, 2)
    assert running.left is not None
    run.stop()
    lock.release()
    (store.cells_folder / "broken.json").unlink()
    store.pack()
    for file in store.cells_folder.iterdir():
        file.unlink()
    packed = status(store.folder)
    assert packed.runs == ()
    assert packed.suites[0].best == one.best
    store.packed_file.write_bytes(store.packed_file.read_bytes()[:50])
    [problem] = status(store.folder).suites[0].problems
    assert "records.parquet" in problem


def test_cells_of_an_older_protocol_are_counted_and_have_no_say_in_who_is_best(
    suite: MakeSuite, options: MakeOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = options()
    run_suites([suite("done")], settings)
    store = Store(settings.results / "toys")
    [identifier] = store.ids()
    old = {**store.read(identifier), "id": "0" * 20, "code": {}}
    old["metrics"] = {"validation": {"map": 0.99}, "test": {"map": 0.99}}
    [before] = status(settings.results).suites
    store.write(old)
    [after] = status(settings.results).suites
    assert (before.done, before.older, after.done, after.older) == (1, 0, 2, 1)
    assert after.best == before.best
    print_status(status(settings.results))
    assert "1 cell of toys: of an older protocol (TRAINING_VERSION below" in capsys.readouterr().out
    store.cell_file("0" * 20).unlink()
    print_status(status(settings.results))
    assert "older protocol" not in capsys.readouterr().out


def test_the_best_score_is_found_wherever_it_stands_in_a_record(tmp_path: Path) -> None:
    """What stands before it grows with the labels, past what is read of a record first, or up to the midst of it."""
    store = Store(tmp_path / "quick")
    store.prepare()
    sizes = range(15_500, 16_500, 20)
    for size in sizes:
        made = record()
        del made["metrics"]
        made |= {"schema": 1, "id": f"{size:020}", "code": {"training": TRAINING_VERSION}}
        made["cell"] = {"encoder": "bag", **made["cell"], "dataset": f"labels-{size}"}
        counts = {"label_counts": {"train": [1] * (size // 3)}}
        measured = {"validation": {"ap_micro": 0.25, "map": 0.5, "lrap": None}, "test": {"map": 0.75}}
        text = encode({**made, "dataset": counts, "metrics": measured})
        store.cell_file(made["id"]).write_text(text, encoding="utf-8")
    [suite] = status(tmp_path).suites
    assert suite.problems == []
    assert {name: best.value for name, best in suite.best.items()} == {
        f"labels-{size}": 0.5 for size in sizes
    }
