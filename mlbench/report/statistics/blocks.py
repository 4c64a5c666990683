"""Which losses can be compared on which families: nothing imputed, what is left out is named."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlbench.report.data.arrays import Floats, mean_of, settled
from mlbench.report.data.grid import MISSING, Grid
from mlbench.report.data.measures import Measure

CONTROL = "bce"
"""The loss that others are compared with by default."""


@dataclass(frozen=True)
class Blocks:
    """A complete table of losses × families, and the seeds it is made of."""

    measure: Measure
    losses: tuple[str, ...]
    tasks: tuple[str, ...]
    families: tuple[str, ...]
    family_of: tuple[int, ...]
    """The index of each task's family."""
    by_task: tuple[Floats, ...]
    """Of each task the paired scores [losses, seeds], more is better whatever the metric."""
    excluded_losses: tuple[str, ...]
    """Losses that were asked for and are not in it."""
    excluded_tasks: tuple[str, ...]
    """Tasks that were asked for, have records and are not in it."""

    @property
    def count(self) -> int:
        """N, the number of blocks."""
        return len(self.families)

    @property
    def scores(self) -> Floats:
        """[families, losses]: the mean over a family's tasks of the mean over seeds; more is better."""
        return self.average_families(np.stack([mean_of(task, 1) for task in self.by_task]))

    def average_families(self, by_task: Floats) -> Floats:
        """[tasks, …] -> [families, …], settled; NaN where it is so of one of the family's tasks."""
        member = np.zeros((self.count, len(self.tasks)))
        member[list(self.family_of), range(len(self.tasks))] = 1.0
        weights, missing = member / member.sum(1, keepdims=True), np.isnan(by_task)
        if not missing.any():
            return settled(np.tensordot(weights, by_task, axes=1))
        means = np.tensordot(weights, np.where(missing, 0.0, by_task), axes=1)
        return settled(np.where(np.tensordot(member, missing, axes=1) > 0, np.nan, means))

    def differences(self, loss: str, control: str) -> Floats:
        """[families]: how much better `loss` is than `control`."""
        scores = self.scores
        return settled(scores[:, self.losses.index(loss)] - scores[:, self.losses.index(control)])

    def control(self, wanted: str = CONTROL) -> str | None:
        """The control where it is among the losses compared, else None."""
        return wanted if wanted in self.losses else None


def make_blocks(
    grid: Grid,
    reading: str,
    measure: Measure,
    fraction: int,
    *,
    losses: Collection[str] | None = None,
    tasks: Collection[str] | None = None,
) -> Blocks | None:
    """The largest complete comparison at a fraction (its index), of all `losses` and `tasks` or of those named.

    None where no task is left.

    A loss is there on a task where it finished at least half of the seeds that it has records of: seeds that
    others were given beyond those are not held against it. Scores are paired on the seeds that all losses
    compared there finished. While something is missing, the loss or the task that lacks the largest share is
    excluded.
    """
    scores = grid.scores(reading, measure.key)[:, :, fraction] * measure.sign
    if not measure.ranked:
        return None
    finished = ~np.isnan(scores)
    planned = (grid.state[:, :, fraction] != MISSING).sum(2)
    there = (finished.sum(2) * 2 >= planned) & finished.any(2)
    asked_losses = [place for place, name in enumerate(grid.losses) if losses is None or name in losses]
    asked_tasks = [place for place, name in enumerate(grid.task_names) if tasks is None or name in tasks]
    rows, columns, paired = _complete_pairs(finished, there, asked_losses, asked_tasks)
    if not rows or not columns:
        return None
    families = tuple(dict.fromkeys(grid.tasks[task].family for task in columns))
    present = grid.has_fraction(fraction)
    return Blocks(
        measure=measure,
        losses=tuple(grid.losses[index] for index in rows),
        tasks=tuple(grid.tasks[index].name for index in columns),
        families=families,
        family_of=tuple(families.index(grid.tasks[task].family) for task in columns),
        by_task=tuple(scores[rows, task][:, seeds] for task, seeds in zip(columns, paired, strict=True)),
        excluded_losses=tuple(grid.losses[place] for place in asked_losses if place not in rows),
        excluded_tasks=tuple(
            grid.task_names[place] for place in asked_tasks if present[place] and place not in columns
        ),
    )


def _complete_pairs(
    finished: npt.NDArray[np.bool_], there: npt.NDArray[np.bool_], losses: Sequence[int], tasks: Sequence[int]
) -> tuple[list[int], list[int], list[npt.NDArray[np.bool_]]]:
    """Losses and tasks without a gap, and for each task the seeds that all of the losses finished.

    Where a task has no such seed, a loss counts as there if it finished the seed that most of them did.
    """
    there = there.copy()
    rows = [index for index in losses if there[index, tasks].any()]
    columns = [index for index in tasks if there[losses, index].any()]
    paired: list[npt.NDArray[np.bool_]] = []
    while rows and columns:
        rows, columns = _complete(there, rows, columns)
        paired = [np.asarray(finished[rows, task].all(0)) for task in columns]
        apart = [task for task, seeds in zip(columns, paired, strict=True) if not seeds.any()]
        if not apart:
            break
        for task in apart:
            widest = finished[rows, task].sum(0).argmax()
            there[rows, task] &= finished[rows, task, widest]
    return rows, columns, paired


def _complete(
    there: npt.NDArray[np.bool_], losses: Sequence[int], tasks: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Drop the emptiest loss or task until nothing is missing; of two equally empty ones the loss goes."""
    losses, tasks = list(losses), list(tasks)
    while losses and tasks:
        gaps = ~there[np.ix_(losses, tasks)]
        if not gaps.any():
            break
        by_loss, by_task = gaps.mean(1), gaps.mean(0)
        if by_loss.max() >= by_task.max():
            del losses[int(by_loss.argmax())]
        else:
            del tasks[int(by_task.argmax())]
    return losses, tasks
