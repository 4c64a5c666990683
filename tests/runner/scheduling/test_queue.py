"""The order in which a slot takes cells."""

from __future__ import annotations

from dataclasses import replace

from mlbench.runner import plan
from mlbench.runner.scheduling.job import RunJob
from mlbench.runner.scheduling.queue import Queue
from tests.runner.conftest import MakeOptions, MakeSuite


def test_cells_of_a_plugin_come_last_of_those_on_the_same_data_and_seeds_keep_their_order(
    job: RunJob, suite: MakeSuite, options: MakeOptions
) -> None:
    planned = plan([suite("own", "done", "warn", seeds=(0, 1), datasets=2)], options()).todo
    tasks = tuple(
        replace(cell.task(), plugin="mine.py" if cell.cell.loss.id == "own" else "") for cell in planned
    )
    taken = []
    for found in Queue(replace(job, tasks=tasks)):
        assert found is not None
        task, lock = found
        taken.append((task.cell.seed, task.cell.dataset, task.cell.loss.id))
        task.store.cell_file(task.id).touch()
        lock.release()
    assert taken == [
        (seed, dataset, loss)
        for seed in (0, 1)
        for dataset in ("toy0", "toy1")
        for loss in ("done", "warn", "own")
    ]
