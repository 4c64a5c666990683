"""Tuned suites as the runner sees them: trials are cells."""

from __future__ import annotations

from pathlib import Path

from mlbench.records import Store
from mlbench.runner import plan, run
from mlbench.runner.options import RunOptions
from mlbench.suite import Suite
from mlbench.suite.tuning import Tuning
from tests.runner.conftest import MakeOptions, MakeSuite

KNOBS = {"head_lr": [0.001, 0.002, 0.004, 0.008]}


def tuned(suite: Suite, trials: int, name: str = "toys") -> Suite:
    return suite.model_copy(update={"tuning": Tuning(trials=trials, shared=KNOBS), "name": name})


def marks(options: RunOptions, suite: str = "toys") -> dict[str, int | None]:
    """The number of the trial that each record is said to be."""
    found = {}
    for record in Store(options.results / suite).records():
        assert isinstance(record, dict)
        found[str(record["id"])] = record["cell"].get("trial", {}).get("number")
    return found


def starts(log: Path) -> int:
    return sum(line.startswith("start") for line in log.read_text().splitlines())


def test_a_raised_budget_trains_the_new_trials_alone(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    small, large = tuned(suite("done", "other"), 2), tuned(suite("done", "other"), 3)
    assert run([small], options()).exit_code == 0
    assert starts(log) == 4
    before = marks(options())
    assert sorted(before.values(), key=str) == [0, 0, 1, 1]
    assert len(plan([large], options()).todo) == 2
    assert run([large], options()).exit_code == 0
    assert starts(log) == 6
    assert before.items() <= marks(options()).items()


def test_what_was_not_tuned_is_taken_over_as_the_first_trial(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    plain = suite("done")
    assert run([plain], options()).exit_code == 0
    assert run([tuned(plain, 3, "tuned")], options()).exit_code == 0
    assert starts(log) == 3
    assert sorted(marks(options(), "tuned").values(), key=str) == [0, 1, 2]
    assert set(marks(options()).values()) == {None}
    assert run([plain.model_copy(update={"name": "again"})], options()).exit_code == 0
    assert starts(log) == 3
    assert set(marks(options(), "again").values()) == {None}


def test_a_failed_trial_touches_no_other(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    summary = run([tuned(suite("done", "raise"), 2)], options())
    assert summary.exit_code == 1
    assert starts(log) == 4


def test_a_lowered_budget_is_written_down(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    plain = suite("done")
    assert run([tuned(plain, 4)], options()).exit_code == 0
    lower = tuned(plain, 2)
    assert len(plan([lower], options()).renamed) == 2
    assert run([lower], options()).exit_code == 0
    assert starts(log) == 3, "one draw hit a point that was tried before"
    assert not plan([lower], options()).renamed
    budgets = [record["cell"]["trial"]["budget"] for record in Store(options().results / "toys").records()]
    assert sorted(budgets) == [2, 2, 4]
    assert run([plain], options()).exit_code == 0
    assert sum(number is None for number in marks(options()).values()) == 1


def test_a_loss_that_got_another_id_is_renamed_in_its_record(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    plain = suite("done")
    assert run([plain], options()).exit_code == 0
    store = Store(options().results / "toys")
    store.pack()
    for file in store.cells_folder.iterdir():
        file.unlink()
    [entry] = plain.losses
    renamed = plain.model_copy(update={"losses": [entry.model_copy(update={"id": "better"})]})
    for _ in range(2):
        assert run([renamed], options()).exit_code == 0
        assert [record["cell"]["loss"]["id"] for record in store.records()] == ["better"]
    assert starts(log) == 1
    assert not plan([renamed], options()).renamed
