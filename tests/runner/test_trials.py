"""Tuned suites as the runner sees them: trials are cells, and final cells wait for them."""

from __future__ import annotations

import json
import signal
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from mlbench.cli.render import plan_json, print_plan
from mlbench.errors import ConfigError
from mlbench.records import Store, load_records
from mlbench.report.data.tuned.trials import select_finals
from mlbench.runner import estimate, plan, run_suites
from mlbench.runner.options import RunOptions
from mlbench.suite import Selection, Suite
from mlbench.suite.entries import DatasetEntry, TunedWith
from tests.runner.conftest import MakeOptions, MakeSuite
from tests.runner.driver import start
from tests.runner.test_interruption import count, end, left, processes, wait_until

RATES = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032]
"""In the toys' cells the larger rate has the better score."""


def tuned(trials: int, **rest: Any) -> dict[str, Any]:
    return {"seeds": (0, 1, 2), "tuning": {"trials": trials, "shared": {"head_lr": RATES}, **rest}}


def without(suite: Suite, name: str) -> Suite:
    """The suite as it is without tuning, under another name."""
    return suite.model_copy(update={"tuning": None, "name": name})


def records(options: RunOptions, suite: str = "toys") -> list[dict[str, Any]]:
    found = []
    for record in Store(options.results / suite).records():
        assert isinstance(record, dict)
        found.append(record)
    return found


def rates(options: RunOptions, *, final: bool, loss: str = "done", suite: str = "toys") -> Counter[float]:
    """The learning rates of a loss's trials or finals."""
    return Counter(
        record["cell"]["train"]["head_lr"]
        for record in records(options, suite)
        if record["cell"]["loss"]["id"] == loss and record["cell"]["trial"]["final"] == final
    )


def starts(log: Path) -> int:
    return count(log, "start")


def test_what_is_best_on_validation_is_trained_anew(
    suite: MakeSuite, options: MakeOptions, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = suite("done", "other", **tuned(3))
    planned = plan([grid], options())
    assert (len(planned.cells), planned.states["missing"]) == (10, 10)
    assert (len(planned.todo), len(planned.waiting)) == (6, 4)
    print_plan(planned, estimate(planned, options()))
    said = capsys.readouterr().out
    assert "10 cells: 10 missing; a run would train 10\n" in said
    assert (
        "tuning (toys): 3 trials of each loss on each dataset and fraction, on seed 0; what is best on"
        in said
    )
    assert "4 of them once the trials are over that decide their values" in said
    described = plan_json(planned)
    assert (described["to_train"], described["waiting"]) == (10, 4)
    assert Counter((cell["id"] is None, cell["final"]) for cell in described["cells"]) == {
        (False, False): 6,
        (True, True): 4,
    }
    summary = run_suites([grid], options())
    assert (summary.done, summary.trained, summary.exit_code) == (10, 10, 0)
    assert starts(log) == 10
    for loss in ("done", "other"):
        tried = rates(options(), final=False, loss=loss)
        assert len(tried) == 3
        assert rates(options(), final=True, loss=loss) == {max(tried): 2}
    for record in records(options()):
        cell = record["cell"]
        assert cell["seed"] in ((1, 2) if cell["trial"]["final"] else (0,))
        assert cell["train"]["bootstrap"] == cell["trial"]["final"]
        assert cell["train"]["probe"] == ("all" if cell["trial"]["final"] else "needed")
    again = plan([grid], options())
    assert (again.states, again.todo, again.waiting, again.renamed) == ({"done": 10}, [], [], [])
    assert run_suites([grid], options()).trained == 0


def test_a_raised_budget_trains_new_trials_and_what_they_change(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    assert run_suites([suite("done", **tuned(2))], options()).exit_code == 0
    assert starts(log) == 4
    before = rates(options(), final=True)
    large = suite("done", **tuned(6))
    assert len(plan([large], options()).todo) == 4
    assert run_suites([large], options()).exit_code == 0
    assert len(rates(options(), final=False)) == 6
    assert rates(options(), final=True) == before | {max(RATES): 2}
    assert starts(log) == 8 + (0 if max(RATES) in before else 2)
    # And lowered again it is as it was, the others stay where they are.
    assert run_suites([suite("done", **tuned(2))], options()).trained == 0
    marks = [record["cell"]["trial"]["of"] for record in records(options())]
    assert Counter(marks) == {2: 4, 6: 6}


def test_what_was_not_tuned_is_taken_over_where_its_values_are_chosen(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    grid = suite("done", **tuned(3), head_lr=1.0)
    plain = without(grid, "plain")
    assert run_suites([plain], options()).exit_code == 0
    assert starts(log) == 3
    summary = run_suites([grid], options())
    assert (summary.done, summary.exit_code) == (5, 0)
    assert starts(log) == 6, "only the trials: the suite's own rate is the best"
    assert rates(options(), final=True) == {1.0: 2}
    assert run_suites([without(grid, "again")], options()).exit_code == 0
    assert starts(log) == 6
    assert all("trial" not in record["cell"] for record in records(options(), "again"))


def test_a_failed_trial_is_spent_and_a_retry_may_change_the_choice(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    grid = suite(("raise above", 0.005), **tuned(6))
    loss = "raise-above-0.005"
    summary = run_suites([grid], options())
    assert (summary.done, summary.failed, summary.exit_code) == (5, 3, 1)
    assert rates(options(), final=True, loss=loss) == {0.004: 2}
    log.with_suffix(".mended").touch()
    assert plan([grid], options()).todo == []
    planned = plan([grid], options(retry=("failed",)))
    assert (len(planned.todo), len(planned.waiting)) == (3, 2)
    summary = run_suites([grid], options(retry=("failed",)))
    assert (summary.done, summary.failed, summary.exit_code) == (8, 0, 0)
    assert rates(options(), final=True, loss=loss) == {0.004: 2, 0.032: 2}, "those of the old choice stay"
    assert starts(log) == 8 + 3 + 2


def test_a_loss_of_which_no_trial_finished_fails_as_the_suite_has_it(
    suite: MakeSuite, options: MakeOptions
) -> None:
    summary = run_suites([suite("raise", "done", **tuned(2))], options())
    assert (summary.done, summary.failed, summary.missing) == (4, 4, 0)
    assert rates(options(), final=True, loss="raise") == {0.001: 2}


def test_rerun_trains_all_again_and_each_once(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    grid = suite("done", **tuned(2))
    assert run_suites([grid], options()).trained == 4
    planned = plan([grid], options(rerun="all"))
    assert (len(planned.todo), len(planned.waiting)) == (2, 2)
    assert run_suites([grid], options(rerun="all")).trained == 4
    assert starts(log) == 8


def test_finals_that_are_there_already_are_not_done_again(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    grid = suite("done", **tuned(2))
    assert run_suites([grid], options()).trained == 4
    store = Store(options().results / "toys")
    trial = next(record for record in records(options()) if not record["cell"]["trial"]["final"])
    store.cell_file(trial["id"]).unlink()
    planned = plan([grid], options())
    assert (len(planned.todo), len(planned.waiting)) == (1, 2)
    summary = run_suites([grid], options())
    assert (summary.trained, summary.done, summary.missing, summary.exit_code) == (1, 4, 0, 0)
    assert starts(log) == 5


def test_packed_trials_are_read_too(suite: MakeSuite, options: MakeOptions) -> None:
    grid = suite("done", **tuned(2))
    assert run_suites([grid], options(selection=Selection(seeds=(0,)))).trained == 2
    store = Store(options().results / "toys")
    store.pack()
    for file in store.cells_folder.iterdir():
        file.unlink()
    planned = plan([grid], options())
    assert (len(planned.todo), len(planned.waiting)) == (2, 0)
    assert run_suites([grid], options()).trained == 2


def test_a_selected_final_brings_its_trials(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    grid = suite("done", "other", **tuned(2))
    one = options(selection=Selection(losses=("done",), seeds=(2,)))
    assert run_suites([grid], one).done == 3
    assert starts(log) == 3
    assert run_suites([grid], options()).trained == 5


def test_suites_that_share_trials_share_them(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    """The second suite's trials are trained in the first one's folder; its own finals wait for them there."""
    first = suite("done", name="first", **tuned(2))
    second = suite("done", name="second", **{**tuned(2), "seeds": (0, 3, 4)})
    summary = run_suites([first, second], options())
    assert (summary.done, summary.missing, summary.exit_code) == (8, 0, 0)
    assert starts(log) == 2 + 2 + 2
    for name in ("first", "second"):
        assert rates(options(), final=True, suite=name) == {max(rates(options(), final=False, suite=name)): 2}


def test_trials_of_a_published_suite_serve_another_fraction(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    """What was chosen at one fraction is trained at others, by a suite of its own, from packed records without scores:
    trials keep none."""
    first = suite("done", name="first", **tuned(3))
    assert run_suites([first], options()).done == 5
    store = Store(options().results / "first")
    trials = {record["id"] for record in records(options(), "first") if not record["cell"]["trial"]["final"]}
    assert not trials & {file.stem for file in store.scores_folder.iterdir()}
    store.pack()
    for folder in (store.cells_folder, store.scores_folder):
        for file in folder.iterdir():
            file.unlink()
    second = suite("done", name="second", **tuned(3, fraction=1.0)).model_copy(update={"fractions": [0.5]})
    summary = run_suites([second], options())
    assert (summary.done, summary.trained) == (5, 2)
    assert starts(log) == 5 + 2
    chosen = [set(rates(options(), final=True, suite=name)) for name in ("first", "second")]
    assert chosen[0] == chosen[1]


def test_several_seeds_choose_together(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    grid = suite("done", **tuned(3, seeds=[5, 6]))
    assert run_suites([grid], options()).exit_code == 0
    assert starts(log) == 2 * 3 + 3
    tried = rates(options(), final=False)
    assert set(tried.values()) == {2}
    assert rates(options(), final=True) == {max(tried): 3}


def test_data_that_are_not_there_keep_nobody_waiting(suite: MakeSuite, options: MakeOptions) -> None:
    grid = suite("done", **tuned(2))
    gone = grid.datasets[0].model_copy(update={"name": "mine", "id": "mine", "encoder": "bag"})
    gone.model_extra.clear()  # type: ignore[union-attr]
    gone.model_extra.update({"path": "nowhere.csv", "text": "text", "labels": "labels"})  # type: ignore[union-attr]
    both = grid.model_copy(update={"datasets": [*grid.datasets, gone]})
    assert plan([both], options()).states == {"missing": 4, "not fetched": 4}
    summary = run_suites([both], options())
    assert (summary.done, summary.not_fetched, summary.exit_code) == (4, 4, 1)


def test_a_loss_that_got_another_id_is_renamed_in_its_record(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    plain = suite("done")
    assert run_suites([plain], options()).exit_code == 0
    store = Store(options().results / "toys")
    store.pack()
    for file in store.cells_folder.iterdir():
        file.unlink()
    [entry] = plain.losses
    renamed = plain.model_copy(update={"losses": [entry.model_copy(update={"id": "better"})]})
    for _ in range(2):
        assert run_suites([renamed], options()).exit_code == 0
        assert [record["cell"]["loss"]["id"] for record in store.records()] == ["better"]
    assert starts(log) == 1
    assert not plan([renamed], options()).renamed


SLEEPERS: list[Any] = [["sleep", 0.3], ["sleep", 0.31]]


def same(results: Path) -> dict[str, Any]:
    """What stands in records that does not depend on when and where they were made."""
    return {
        record["id"]: (record["cell"], record["metrics"])
        for record in Store(results / "toys").records()
        if isinstance(record, dict)
    }


@pytest.mark.slow
def test_slots_share_the_finals_and_a_kill_changes_nothing(tmp_path: Path, log: Path) -> None:
    """Killed among the trials and again among the finals: the same choice, the same cells, each ended once."""
    grid = {**tuned(3), "datasets": 1}
    code, summary = end(start(tmp_path / "whole", SLEEPERS, suite=grid, jobs=2), log)
    assert (code, summary["done"]) == (0, 10)
    assert count(log, "end") == 10
    results = tmp_path / "results"
    for there in (2, 7):
        driver = start(results, SLEEPERS, suite=grid, jobs=2)
        wait_until(lambda there=there: len(Store(results / "toys").ids()) >= there)  # type: ignore[misc]
        driver.send_signal(signal.SIGKILL)
        driver.communicate()
        wait_until(lambda: not processes(log), 10)
    assert 7 <= len(same(results)) <= 10
    code, summary = end(start(results, SLEEPERS, suite=grid, jobs=2), log)
    assert (code, summary["done"], summary["missing"]) == (0, 10, 0)
    assert same(results) == same(tmp_path / "whole")
    assert left(results) == []


def test_two_runs_share_the_finals(tmp_path: Path, log: Path) -> None:
    grid = {**tuned(2), "datasets": 2}
    drivers = [start(tmp_path / "results", SLEEPERS, suite=grid, engine="sequential") for _ in range(2)]
    ended = [end(driver, log) for driver in drivers]
    assert [(code, summary["done"]) for code, summary in ended] == [(0, 16), (0, 16)]
    assert count(log, "start") == count(log, "end") == 16


def test_ctrl_c_among_trials_leaves_the_finals_missing(tmp_path: Path, log: Path) -> None:
    driver = start(tmp_path / "results", SLEEPERS, suite=tuned(3), engine="sequential")
    wait_until(lambda: count(log, "start") == 2)
    driver.send_signal(signal.SIGINT)
    code, summary = end(driver, log)
    assert (code, summary["done"], summary["missing"]) == (130, 2, 8)


def test_progress_counts_the_finals(tmp_path: Path) -> None:
    driver = start(tmp_path / "results", SLEEPERS, suite=tuned(2), engine="sequential", progress="json")
    out, err = driver.communicate(timeout=60)
    lines = [json.loads(line) for line in out.splitlines() if line.startswith('{"event"')]
    assert {"event": "begin", "total": 8} in lines, err
    cells = [line for line in lines if line["event"] == "cell"]
    assert [line["finished"] for line in cells] == list(range(1, 9))
    by_stage = defaultdict(set)
    for line in cells:
        by_stage[line["final"]].add(line["cell"]["seed"])
    assert by_stage == {False: {0}, True: {1, 2}}


def test_what_was_chosen_with_one_encoder_is_trained_with_another(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    """The trials are those of another suite, taken over; the finals have the suite's own encoder and protocol, and the
    values that were chosen."""
    first = suite("done", name="first", **tuned(3))
    entry = DatasetEntry.model_validate({"name": "synthetic-topics", "samples": 60, "labels": 5})
    protocol = {"epochs": 1, "batch_size": 16}
    first = first.model_copy(
        update={"train": {}, "datasets": [entry.model_copy(update={"encoder": "lsa", "train": protocol})]}
    )
    assert run_suites([first], options()).trained == 5
    other = TunedWith(encoder="lsa", train=protocol)
    changed = {"encoder": "bag", "train": {"epochs": 7}, "tuned_with": other}
    second = first.model_copy(
        update={"name": "second", "train": {"batch_size": 8}, "datasets": [entry.model_copy(update=changed)]}
    )
    summary = run_suites([second], options())
    assert (summary.done, summary.trained) == (5, 2)
    assert starts(log) == 5 + 2
    found = records(options(), "second")
    finals = [record["cell"] for record in found if record["cell"]["trial"]["final"]]
    trials = [record["cell"] for record in found if not record["cell"]["trial"]["final"]]
    assert {cell["encoder"] for cell in trials} == {"lsa"}
    assert {cell["encoder"] for cell in finals} == {"bag"}
    assert {(cell["train"]["epochs"], cell["train"]["batch_size"]) for cell in finals} == {(7, 8)}
    assert {(cell["train"]["epochs"], cell["train"]["batch_size"]) for cell in trials} == {(1, 16)}
    best = max(cell["train"]["head_lr"] for cell in trials)
    assert {cell["train"]["head_lr"] for cell in finals} == {best}
    counting = select_finals(load_records(options().results / "second"))
    assert len(counting.cells) == 2
    assert not counting.problems
    assert len(counting.trials) == 3


def test_tuned_with_needs_trials_and_its_encoder_must_be_one(suite: MakeSuite) -> None:
    plain = suite("done")
    [entry] = plain.datasets
    other = entry.model_copy(update={"tuned_with": TunedWith(encoder="features")})
    with pytest.raises(ConfigError, match=r"datasets\[0\] \(.*\), tuned_with: the suite has no trials"):
        plain.model_copy(update={"datasets": [other]}).grid()
    tried = suite("done", **tuned(3))
    summed = entry.model_copy(update={"tuned_with": TunedWith(encoder="lsa", train={"reduction": "sum"})})
    with pytest.raises(
        ConfigError, match=r"tuned_with: its reduction is 'sum', that of the finals 'batchmean'"
    ):
        tried.model_copy(update={"datasets": [summed]}).grid()
    unknown = entry.model_copy(update={"tuned_with": TunedWith(encoder="feature")})
    with pytest.raises(ConfigError, match=r"tuned_with, encoder: .*did you mean 'features'"):
        tried.model_copy(update={"datasets": [unknown]}).grid()
