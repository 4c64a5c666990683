"""Final cells whose values are not known yet: the trials they wait for, and the choice once these are over.

Every process decides alike, from the records in the store alone: any slot of a run, its driver, the next run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlbench.records import Keep, Store
from mlbench.runner.scheduling.job import CellTask, Stamp, stamp
from mlbench.suite import Final, choose, score_of


@dataclass(frozen=True)
class PendingTrial:
    """A trial that a choice waits for."""

    number: int
    id: str
    store: Store
    before: Stamp | None
    """The stamp of a record that is to be replaced; None where there is none."""
    there: bool
    """Whether its record is there already and stays."""

    def finished(self) -> bool:
        """Whether it has finished or failed."""
        return self.there or stamp(self.store, self.id) not in (None, self.before)


@dataclass(frozen=True)
class PossibleFinal:
    """What a final cell is if one trial is chosen."""

    id: str
    before: Stamp | None
    """The stamp of a record that is to be replaced; None where there is none."""
    todo: bool
    """Whether it is then to be trained."""


@dataclass(frozen=True)
class PendingFinals:
    """The finals of one contest.

    - `finals`: their cells, still without what is chosen.
    - `trials`: those that are chosen from.
    - `candidates`: of each final, what it is by the number of the trial.
    - `store`, `data`, `keep`, `per_sample`, `source_hash`: as in CellTask.
    """

    finals: tuple[Final, ...]
    trials: tuple[PendingTrial, ...]
    candidates: tuple[tuple[PossibleFinal, ...], ...]
    store: Store
    data: str
    keep: Keep
    per_sample: bool
    source_hash: str
    plugin: str = ""

    def finished(self) -> bool:
        """Whether all trials have a record."""
        return all(trial.finished() for trial in self.trials)

    def choice(self) -> int:
        """The number of the trial that is chosen, once all are over.

        Raises RecordError for a record that cannot be read.
        """
        return chosen_trial((trial.number, trial.store, trial.id) for trial in self.trials)

    def tasks(self) -> tuple[CellTask, ...]:
        """The finals that are to be trained, once the trials are over. Raises as `choice`."""
        number = self.choice()
        known = self.data, self.keep
        return tuple(
            CellTask(
                final.cell(number),
                found.id,
                self.store,
                *known,
                found.before,
                self.per_sample,
                self.source_hash,
                self.plugin,
            )
            for final, found in zip(self.finals, (each[number] for each in self.candidates), strict=True)
            if found.todo
        )


def chosen_trial(trials: Iterable[tuple[int, Store, str]]) -> int:
    """The number of the trial that counts, from the records of all of them: number, store and id."""
    scores: dict[int, list[float | None]] = {}
    for number, store, identifier in trials:
        scores.setdefault(number, []).append(score_of(store.read(identifier)))
    return choose(scores)
