from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlbench.records import HEAD, Store
from mlbench.runner import RunOptions, estimate, measure, plan, run_suites
from mlbench.runner.planning.plan import PlannedCell
from mlbench.suite import parse_suite
from tests.runner.conftest import MakeOptions, MakeSuite


def remember(
    planned: PlannedCell, store: Store, seconds: float, device: str = "cpu", slots: int | None = None
) -> None:
    """A finished record of a cell that took so long."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    store.prepare()
    store.write(
        {
            **planned.task().record(),
            "status": "done",
            "error": None,
            "metrics": {},
            "environment": {"device": device, "slots_per_device": slots},
            "memory": {"host_peak": 10**9, "device_peak": None},
            "started": began.isoformat(),
            "finished": (began + timedelta(seconds=seconds)).isoformat(),
        }
    )


def test_like_cells_tell(suite: MakeSuite, options: MakeOptions) -> None:
    """Other seeds of the same loss first, then other losses on the same data, else nothing."""
    settings = options()
    everything = plan([suite("done", "warn", seeds=(0, 1, 2), datasets=2)], settings)
    store = Store(settings.results / "toys")
    for cell in everything.cells:
        if cell.cell.dataset == "toy0" and cell.cell.loss.id == "done" and cell.cell.seed < 2:
            remember(cell, store, 40.0 + 20 * cell.cell.seed)
    found = estimate(plan([suite("done", "warn", seeds=(0, 1, 2), datasets=2)], settings), settings)
    told = {(cell.cell.dataset, cell.cell.loss.id, cell.cell.seed): guess for cell, guess in found.cells}
    same, other, none = told["toy0", "done", 2], told["toy0", "warn", 2], told["toy1", "done", 2]
    assert same is not None
    assert (same.seconds, same.same_loss, same.host_memory) == (50.0, True, 10**9)
    assert other is not None
    assert (other.seconds, other.same_loss) == (50.0, False)
    assert none is None
    assert found.unknown == 6
    assert found.device_hours == pytest.approx(50.0 * 10 / 3600)
    assert found.host_memory == 10**9


def test_records_of_another_device_or_pace_do_not_tell(suite: MakeSuite, options: MakeOptions) -> None:
    settings = options()
    store = Store(settings.results / "toys")
    for cell in plan([suite("done")], settings).cells:
        remember(cell, store, 10.0, device="A big GPU")
    for cell in plan([suite("done", epochs=3, name="other")], settings).cells:
        remember(cell, Store(settings.results / "other"), 10.0)
    again = replace(settings, rerun="all")
    assert estimate(plan([suite("done")], again), again).unknown == 1


@pytest.mark.parametrize("old", [False, True])
def test_of_cells_on_several_devices_those_of_this_one_tell(
    suite: MakeSuite, options: MakeOptions, old: bool
) -> None:
    """Whatever order they were trained in; also where the records are older than heads that tell the device."""
    settings, seeds = options(), (0, 1, 2, 3)
    store = Store(settings.results / "toys")
    devices = [("cpu", 600.0), ("A big GPU", 10.0), ("A big GPU", 12.0)]
    for cell, (device, seconds) in zip(
        plan([suite("done", seeds=seeds)], settings).cells, devices, strict=False
    ):
        remember(cell, store, seconds, device)
    for file in store.cells_folder.iterdir() if old else ():
        record = json.loads(file.read_text())
        head = {key: record.pop(key) for key in HEAD if key in record and key != "environment"}
        file.write_text(json.dumps(head)[:-1] + ",\n" + json.dumps(record)[1:] + "\n")
    [(_, found)] = estimate(plan([suite("done", seeds=seeds)], settings), settings).cells
    assert found is not None
    assert (found.seconds, found.same_loss) == (600.0, True)


def test_cells_that_share_a_device_have_it_in_parts(suite: MakeSuite, options: MakeOptions) -> None:
    settings, seeds = options(), (0, 1, 2)
    store = Store(settings.results / "toys")
    for cell in plan([suite("done", seeds=seeds)], settings).cells[:2]:
        remember(cell, store, 40.0, slots=4)
    assert estimate(plan([suite("done", seeds=seeds)], settings), settings).device_hours == 10 / 3600


REAL = """
name = "real"
seeds = [0]
fractions = [0.1]
losses = ["bce", "supcon"]

[train]
epochs = 1
min_steps = 100
probe_steps = 50
threads = 1

[[datasets]]
name = "digit-scenes"
encoder = "conv"
"""


@pytest.mark.slow
def test_a_measurement_comes_near_what_a_run_takes(tmp_path: Path) -> None:
    suite = parse_suite(REAL, "real")
    settings = RunOptions(results=tmp_path, engine="sequential", device="cpu", progress="none")
    guesses = measure(plan([suite], settings), settings)
    assert guesses.unknown == 0
    assert list(tmp_path.iterdir()) == []
    run_suites([suite], settings)
    total = told = 0.0
    for cell, guess in guesses.cells:
        assert guess is not None
        assert cell.id is not None
        record = json.loads(cell.store.cell_file(cell.id).read_text())
        total += record["timing"]["total"]
        told += guess.seconds
    assert 1 / 3 < told / total < 3
