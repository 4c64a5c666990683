"""Real cells in warm workers: hostile losses before them change no bit; losses of different files share no process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlbench.records import Store
from mlbench.registry import load_plugins
from mlbench.runner import RunOptions, run_suites
from mlbench.suite import Suite
from tests.runner.conftest import FOLDER
from tests.runner.hostile_acts import LASTING, RESET

ACTS = [*RESET, *LASTING]
PLUGINS = (FOLDER / "hostile_loss.py", FOLDER / "other_loss.py")


@pytest.fixture(autouse=True)
def plugins() -> None:
    load_plugins(PLUGINS)


def small(*losses: dict[str, Any], seeds: tuple[int, ...] = (0,)) -> Suite:
    return Suite.model_validate(
        {
            "name": "hostile",
            "seeds": list(seeds),
            "fractions": [1.0],
            "losses": list(losses),
            "train": {"epochs": 1, "min_steps": 4, "batch_size": 64, "probe": "needed", "threads": 1},
            "datasets": [
                {"name": "synthetic-features", "samples": 200, "labels": 5, "encoder": "features"},
            ],
        }
    )


def numbers(results: Path, suite: Suite) -> dict[str, tuple[Any, dict[str, bytes]]]:
    """The metrics and the scores of the quiet losses' cells and of those of built-in ones, by loss and seed."""
    settings = RunOptions(
        results=results, engine="sequential", device="cpu", progress="none", plugins=PLUGINS, time_limit=600.0
    )
    assert run_suites([suite], settings).missing == 0
    store, found = Store(results / "hostile"), {}
    for record in store.records():
        assert isinstance(record, dict)
        loss = record["cell"]["loss"]
        if loss["name"] != "hostile_loss":
            assert record["status"] == "done", record["error"]
            scores = {name: array.tobytes() for name, array in store.scores(record["id"]).items()}
            found[f"{loss['id']} {record['cell']['seed']}"] = record["metrics"], scores
    return found


@pytest.mark.slow
def test_hostile_losses_change_no_bit_of_those_after_them(tmp_path: Path, log: Path) -> None:
    assert len(ACTS) >= 30
    hostile = [{"name": "hostile_loss", "id": f"h{n}", "act": act} for n, act in enumerate(ACTS)]
    quiet = [{"name": "quiet_loss", "id": f"q{n}", "scale": 1 + n / 8} for n in range(len(ACTS))]
    both = [each for pair in zip(hostile, quiet, strict=True) for each in pair]
    after = numbers(tmp_path / "after", small(*both, {"name": "bce"}))
    done = [line for line in log.read_text().splitlines() if line.startswith("act ")]
    assert {line.removeprefix("act ") for line in done} == set(ACTS)
    assert after == numbers(tmp_path / "alone", small(*quiet, {"name": "bce"}))


@pytest.mark.slow
def test_losses_of_different_files_share_no_process(tmp_path: Path, log: Path) -> None:
    found = numbers(
        tmp_path / "results",
        small({"name": "other_loss"}, {"name": "quiet_loss"}, {"name": "bce"}, seeds=(0, 1)),
    )
    assert len(found) == 6
    by_file: dict[str, set[str]] = {}
    for line in log.read_text().splitlines():
        by_file.setdefault(line.split()[1], set()).add(line.split()[2])
    assert by_file.keys() == {"hostile_loss", "other_loss"}
    assert not by_file["hostile_loss"] & by_file["other_loss"]
