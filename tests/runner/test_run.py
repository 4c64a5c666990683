"""Whole runs with one slot: every way a cell can end, and what a second run makes of it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlbench.errors import ConfigError, DataError
from mlbench.records import Store, enough, load_records
from mlbench.runner import RunOptions, plan, run_suites
from mlbench.suite import Selection, Suite
from mlbench.suite.entries import LossEntry, StoreOptions
from mlbench.training.checkpoint import load_tree
from mlbench.version import TRAINING_VERSION
from tests.runner.conftest import MakeOptions, MakeSuite


def records(options: RunOptions, suite: str = "toys") -> dict[str, dict[str, Any]]:
    """All records of a suite by the loss's id."""
    found = {}
    for record in Store(options.results / suite).records():
        assert isinstance(record, dict)
        found[record["cell"]["loss"]["id"]] = record
    return found


def starts(log: Path) -> Counter[str]:
    """How often each cell was started."""
    return Counter(line.split()[1] for line in log.read_text().splitlines() if line.startswith("start"))


def nothing_is_left(options: RunOptions, suite: str = "toys") -> bool:
    store = Store(options.results / suite)
    return not list(store.tmp_folder.iterdir()) and not list(store.locks_folder.iterdir())


ACTS: list[Any] = [
    "done",
    "raise",
    "exit",
    "data",
    "nan",
    "kill",
    "kill once",
    "segfault",
    "obey",
    "hang",
    ("oom", 16),
    "hoard",
    "warn",
]


@pytest.mark.slow
def test_every_failure_is_a_row_of_its_class(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    settings = options(time_limit=6.0, memory_limit=2**29)
    summary = run_suites([suite(*ACTS)], settings)
    found = records(settings)
    classes = {loss: (record["error"] or {}).get("class") for loss, record in found.items()}
    assert classes == {
        "done": None,
        "raise": "error",
        "exit": "error",
        "data": "data",
        "nan": "nonfinite",
        "kill": "crash",
        "kill-once": None,
        "segfault": "crash",
        "obey": "timeout",
        "hang": "timeout",
        "oom-16": None,
        "hoard": "oom",
        "warn": None,
    }
    assert (summary.done, summary.failed, summary.missing, summary.exit_code) == (4, 9, 0, 1)
    assert nothing_is_left(settings)
    assert starts(log) == Counter(
        {f"toy0/0/{loss}": 1 for loss in found}
        | {"toy0/0/kill": 2, "toy0/0/kill-once": 2, "toy0/0/segfault": 2, "toy0/0/oom-16": 3}
    )
    # What is known of a failure is in its record.
    assert "SIGSEGV" in found["segfault"]["error"]["message"]
    assert "faults.py" in found["segfault"]["error"]["traceback"]
    assert found["raise"]["error"]["message"] == "RuntimeError: fault injected in toy0/0/raise"
    assert "faults.py" in found["raise"]["error"]["traceback"]
    assert found["hang"]["progress"]["step"] == 1
    assert "memory limit of 512 MiB" in found["hoard"]["error"]["message"]
    assert [retry["class"] for retry in found["kill"]["retries"]] == ["crash"]
    # And what a finished cell went through.
    assert [retry["class"] for retry in found["kill-once"]["retries"]] == ["crash"]
    assert [retry["micro_batch"] for retry in found["oom-16"]["retries"]] == [20, 10], "there are 40 rows"
    assert found["oom-16"]["micro_batch"] == 10
    assert "retries" not in found["done"]
    assert found["warn"]["warnings"] == ["something looks odd"]
    for record in found.values():
        assert record["environment"]["packages"]["torch"]
        assert record["environment"]["device"] == "cpu"
        assert record["started"] <= record["finished"]
    assert len(load_records(settings.results)) == len(ACTS)

    # A second run does nothing; --retry redoes the failures of a class and no other cell.
    again = run_suites([suite(*ACTS)], settings)
    assert (again.trained, again.failed, again.exit_code) == (0, 9, 1)
    retried = run_suites([suite(*ACTS)], options(retry=("error",), time_limit=1.0))
    assert retried.trained == 0, "what failed again is not trained"
    assert starts(log)["toy0/0/raise"] == 2
    assert starts(log)["toy0/0/kill"] == 2


def test_a_batch_that_cannot_be_cut_fails_with_advice(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    pairs = LossEntry.model_validate({"name": "toy_pairs", "id": "pairs", "act": "oom", "number": 16.0})
    run_suites([suite("done").model_copy(update={"losses": [pairs]})], options())
    error = records(options())["pairs"]["error"]
    assert error["class"] == "oom"
    assert "lower train.batch_size" in error["message"]
    assert starts(log) == {"toy0/0/pairs": 1}


def test_a_changed_suite_runs_exactly_what_is_new(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    assert run_suites([suite("done")], options()).exit_code == 0
    assert run_suites([suite("done", "warn", seeds=(0, 1))], options()).trained == 3
    assert starts(log) == {f"toy0/{seed}/{act}": 1 for seed in (0, 1) for act in ("done", "warn")}
    assert run_suites([suite("done", "warn", seeds=(0, 1))], options(rerun="all")).trained == 4
    assert set(starts(log).values()) == {2}


def test_another_suites_record_is_taken_over(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    run_suites([suite("done", name="first")], options())
    both = [suite("done", "warn", name="second"), suite("warn", name="third")]
    planned = plan(both, options())
    assert [(cell.state, cell.todo) for cell in planned.cells] == [
        ("done", False),
        ("missing", True),
        ("missing", True),
    ]
    assert len(planned.todo) == len(planned.shared) == 1
    summary = run_suites(both, options())
    assert (summary.done, summary.trained, summary.exit_code) == (3, 1, 0)
    assert set(starts(log).values()) == {1}
    taken = records(options(), "second")["done"]
    assert taken["suite"] == "second"
    assert taken["taken_over_from"] == "first"
    assert records(options(), "third")["warn"]["suite"] == "third"
    scores = [Store(options().results / name).scores(taken["id"]) for name in ("first", "second")]
    assert (scores[0]["test_logits"] == scores[1]["test_logits"]).all()


def keeping(suite: Suite, scores: Any, model: bool = False) -> Suite:
    """The suite, with its scores kept so."""
    return suite.model_copy(update={"store": StoreOptions(scores=scores, model=model)})


def test_a_record_whose_scores_are_too_few_is_not_taken_over(suite: MakeSuite, options: MakeOptions) -> None:
    trained = [
        run_suites([keeping(suite("done", name=scores), scores)], options()).trained
        for scores in ("none", "float16", "float32")
    ]
    assert trained == [1, 1, 1]
    others = [
        keeping(suite("done", name=f"again-{scores}"), scores) for scores in ("none", "float16", "float32")
    ]
    assert [run_suites([other], options()).trained for other in others] == [0, 0, 0]
    for scores in ("float16", "float32"):
        [record] = records_of(store := Store(options().results / f"again-{scores}"))
        assert store.scores(record["id"])["test_logits"].dtype.itemsize >= np.dtype(scores).itemsize


def test_a_cell_that_is_trained_anew_and_keeps_no_scores_has_none(
    suite: MakeSuite, options: MakeOptions
) -> None:
    """What an earlier training left would be scored again, and packed, as the new one's."""
    store = Store(options().results / "toys")
    run_suites([keeping(suite("done"), "float32")], options())
    [identifier] = store.ids()
    assert store.scores_file(identifier).exists()
    assert run_suites([keeping(suite("done"), "none")], options(rerun="all")).trained == 1
    assert not store.scores_file(identifier).exists()


def test_models_are_kept_and_taken_over_as_suites_ask(
    suite: MakeSuite, options: MakeOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, kept, again = (Store(options().results / name) for name in ("plain", "kept", "again"))
    run_suites([suite("done", name="plain")], options())
    [identifier] = plain.ids()
    assert not plain.model_file(identifier).exists()
    assert run_suites([keeping(suite("done", name="kept"), "none", model=True)], options()).trained == 1
    tree = load_tree(kept.model_file(identifier))
    assert (tree["loss"], tree["started"]) == ("done", kept.read(identifier)["started"])
    assert run_suites([keeping(suite("done", name="again"), "none", model=True)], options()).trained == 0
    assert load_tree(again.model_file(identifier)) == tree
    # A finished record is no reason to train, but it is said what is missing.
    asking = keeping(suite("done", name="plain"), "float32", model=True)
    assert run_suites([asking], options(progress="plain")).trained == 0
    assert "1 finished cell kept no model" in "".join(capsys.readouterr())
    assert run_suites([asking], options(rerun="all")).trained == 1
    assert plain.model_file(identifier).exists()
    run_suites([suite("done", name="plain")], options(rerun="all"))
    assert not plain.model_file(identifier).exists(), "it would be of another training"


def test_of_two_suites_the_one_that_keeps_more_trains(suite: MakeSuite, options: MakeOptions) -> None:
    both = [keeping(suite("done", "warn", name="a"), "none"), suite("warn", "done", name="b")]
    planned = plan(both, options())
    assert [(cell.cell.loss.id, cell.cell.suite) for cell in planned.todo] == [("done", "b"), ("warn", "b")]
    assert run_suites(both, options()).trained == 2
    for name in "ab":
        store = Store(options().results / name)
        assert all(enough(store.scores_file(identifier), "float32") for identifier in store.ids())


def test_a_shared_cell_is_trained_where_it_comes_first(suite: MakeSuite, options: MakeOptions) -> None:
    both = [suite("done", "warn", name="a"), suite("nan", "done", name="b")]
    todo = plan(both, options()).todo
    assert [(cell.cell.loss.id, cell.cell.suite) for cell in todo] == [
        ("done", "a"),
        ("warn", "a"),
        ("nan", "b"),
    ]


def test_packed_records_count(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    run_suites([suite("done")], options())
    store = Store(options().results / "toys")
    store.pack()
    for file in store.cells_folder.iterdir():
        file.unlink()
    assert run_suites([suite("done")], options()).trained == 0
    assert run_suites([suite("done", name="sibling")], options()).done == 1
    assert set(starts(log).values()) == {1}


def test_a_broken_record_is_named_and_a_siblings_is_passed_over(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    run_suites([suite("done")], options())
    store = Store(options().results / "toys")
    [file] = store.cells_folder.iterdir()
    file.write_text('{"schema": 1')
    planned = plan([suite("done")], options())
    [said] = planned.problems
    assert re.search(rf"{file}: not a whole record.*delete the file, and `mlbench run` trains", said)
    assert planned.states == {"missing": 1}
    (broken := Store(options().results / "packed")).prepare()
    broken.packed_file.write_bytes(b"PAR1")
    assert run_suites([suite("done", name="sibling")], options()).trained == 1
    file.unlink()
    assert run_suites([suite("done")], options()).done == 1
    assert log.read_text().count("start") == 2, "taken over from the sibling"


def test_records_of_other_code_are_stale(
    suite: MakeSuite, options: MakeOptions, log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A built-in loss's record keeps a hash of its source; here the record is made to say another."""
    one = suite("done").model_copy(update={"losses": ["bce"]})
    settings = options(cell_function="tests.runner.test_run:built_in")
    run_suites([one], settings)
    store = Store(settings.results / "toys")
    [identifier] = store.ids()
    record = store.read(identifier)
    assert record["code"]["training"] == TRAINING_VERSION, "whoever reads it years later knows how old it is"
    assert not plan([one], settings).stale
    store.write({**record, "code": {"loss_source": "another"}})
    assert len(plan([one], settings).stale) == 1
    run_suites([one], options(progress="plain"))
    assert "1 finished cells came from other code of bce" in capfd.readouterr().err
    assert run_suites([one], options(rerun="stale", cell_function=settings.cell_function)).trained == 1
    assert not plan([one], settings).stale
    assert starts(log) == {}


def built_in(*_: Any, **__: Any) -> Any:
    """A cell function for losses that have no `act`."""
    from tests.runner.faults import Result

    return Result({"metrics": {"validation": {"map": 0.5}, "test": {"map": 0.5}}}, {})


def test_data_that_are_not_there_are_said_and_the_rest_runs(
    suite: MakeSuite, options: MakeOptions, capfd: pytest.CaptureFixture[str]
) -> None:
    one = suite("done")
    absent = one.datasets[0].model_copy(update={"name": "toy_absent", "id": "nowhere"})
    object.__setattr__(absent, "__pydantic_extra__", {})
    both = one.model_copy(update={"datasets": [one.datasets[0], absent]})
    summary = run_suites([both], options(progress="plain"))
    assert (summary.done, summary.not_fetched, summary.exit_code) == (1, 1, 1)
    assert "not fetched: nowhere" in capfd.readouterr().err


def test_data_that_cannot_be_read_fail_as_data(
    suite: MakeSuite, options: MakeOptions, tmp_path: Path
) -> None:
    """A real file that is no Parquet: its cells have an id, and fail; the others go on."""
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 but not really")
    broken = {"name": "mine", "path": str(tmp_path / "broken.parquet"), "text": "text", "encoder": "bag"}
    described = suite("done").model_dump()
    described["datasets"].insert(0, broken)
    described["losses"] = [{"name": "toy_loss", "act": "done"}]
    summary = run_suites([Suite.model_validate(described)], options())
    assert (summary.done, summary.failed, summary.not_fetched) == (1, 1, 0)
    failed = next(r for r in records_of(Store(options().results / "toys")) if r["status"] == "failed")
    assert failed["error"]["class"] == "data"
    assert "broken.parquet" in failed["error"]["message"]


def test_equal_data_under_two_names_are_refused(
    suite: MakeSuite, options: MakeOptions, tmp_path: Path
) -> None:
    """Two files of the same rows: only their fingerprints tell."""
    entries = []
    for name in ("mine", "yours"):
        file = tmp_path / f"{name}.csv"
        file.write_text("text,labels\n" + "".join(f"word{row},label{row % 3}\n" for row in range(30)))
        entries.append({"name": name, "path": str(file), "separator": ";", "encoder": "bag"})
    twice = Suite.model_validate({**suite("done").model_dump(), "datasets": entries, "losses": ["bce"]})
    with pytest.raises(ConfigError, match="'mine' and 'yours' hold the same samples"):
        plan([twice], options())


def test_what_a_killed_run_left_is_removed_even_where_nothing_is_to_do(
    suite: MakeSuite, options: MakeOptions
) -> None:
    run_suites([suite("done")], options())
    store = Store(options().results / "toys")
    (store.tmp_folder / f"aaaa-{socket.gethostname()}-999999999-0123456789ab.json").touch()
    run_suites([suite("done")], options())
    assert nothing_is_left(options())


def test_the_selection_is_all_that_runs(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    grid = suite("done", "warn", seeds=(0, 1), datasets=2)
    run_suites([grid], options(selection=Selection(losses=("warn",), datasets=("toy1",), seeds=(1,))))
    assert starts(log) == {"toy1/1/warn": 1}


def test_the_same_error_everywhere_stops_the_run(suite: MakeSuite, options: MakeOptions) -> None:
    acts = [("raise", float(number)) for number in range(1, 40)]
    summary = run_suites([suite("raise", *acts, seeds=(0, 1), datasets=2)], options())
    assert "the same error" in summary.reason
    assert summary.exit_code == 1
    assert 2 * 40 > summary.failed > 40
    assert summary.missing == 160 - summary.failed


def test_fail_fast_stops_at_the_first_failure(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    summary = run_suites([suite("done", "raise", "warn")], options(fail_fast=True))
    assert (summary.done, summary.failed, summary.missing) == (1, 1, 1)
    assert "--fail-fast" in summary.reason
    assert summary.exit_code == 1
    assert set(starts(log)) == {"toy0/0/done", "toy0/0/raise"}


def test_scores_are_kept_as_the_suite_says(suite: MakeSuite, options: MakeOptions) -> None:
    for how, seed in (("float16", 0), ("none", 1)):
        one = suite("done", seeds=(seed,))
        run_suites([keeping(one, how)], options())
    store = Store(options().results / "toys")
    by_seed = {record["cell"]["seed"]: record["id"] for record in records_of(store)}
    logits = store.scores(by_seed[0])["test_logits"]
    assert logits.dtype == np.float16
    assert np.isfinite(logits).all()
    assert not store.scores_file(by_seed[1]).exists()


def records_of(store: Store) -> list[dict[str, Any]]:
    return [record for record in store.records() if isinstance(record, dict)]


def test_threads_are_the_suites_or_the_cores_shared_out(suite: MakeSuite, options: MakeOptions) -> None:
    run_suites([suite("done", threads=1), suite("warn", threads=2)], options())
    found = records(options())
    assert found["done"]["variables"]["OMP_NUM_THREADS"] == "1"
    assert found["done"]["environment"]["threads"] == 1
    assert found["warn"]["environment"]["threads"] == 2


def test_a_worker_that_cannot_start_is_no_cells_fault(suite: MakeSuite, options: MakeOptions) -> None:
    summary = run_suites([suite("done", "warn")], options(cell_function="tests.runner.nowhere:run_cell"))
    assert "a worker process cannot start" in summary.reason
    assert "No module named 'tests.runner.nowhere'" in summary.reason
    assert (summary.missing, summary.failed, summary.exit_code) == (2, 0, 1)


def test_a_place_that_cannot_be_written_to_is_an_error_before_anything_starts(
    suite: MakeSuite, options: MakeOptions, tmp_path: Path, log: Path
) -> None:
    (tmp_path / "results").write_text("a file, not a folder")
    with pytest.raises(DataError, match="cannot be written"):
        run_suites([suite("done")], options())
    assert starts(log) == {}


def test_the_front_loads_no_torch() -> None:
    program = (
        "import sys, mlbench.runner, mlbench.runner.scheduling.supervisor; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
