"""What a run would do: every cell of some suites, what is known of it, and whether it is to be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from mlbench.code.modules import code_hash, is_current
from mlbench.errors import ConfigError, DatasetNotFoundError
from mlbench.records import Keep, Store
from mlbench.registry import LOSSES
from mlbench.runner.options import RunOptions
from mlbench.runner.planning.checks import check_data, check_encoders, check_models
from mlbench.runner.planning.reuse import KnownData, KnownRecords
from mlbench.runner.scheduling.finals import PendingFinals, PendingTrial, PossibleFinal, chosen_trial
from mlbench.runner.scheduling.job import CellTask, stamp
from mlbench.runner.worker.cells import cell_id
from mlbench.suite import Cell, Final, Suite, SuiteCells

State = Literal["done", "failed", "missing", "not fetched"]


@dataclass(frozen=True)
class PlannedCell:
    """A cell and what is known of it."""

    cell: Cell
    store: Store
    """Of its own suite."""
    keep: Keep
    """What of it is kept beside its record."""
    data: str
    """The fingerprint of its dataset; "" where that is not there."""
    id: str | None
    """None where the data are not there, or trials decide its values."""
    state: State
    reason: str = ""
    """The class of a failure, or what to do about missing data."""
    source: Store | None = None
    """The other suite's store that holds its finished record."""
    stale: bool = False
    """Whether a built-in loss finished it whose code is another now."""
    renamed: bool = False
    """Whether the suite has other names for it than its own record."""
    todo: bool = False
    """Whether a run would train it."""
    waits: AwaitedTrials | None = None
    """What it waits for, where trials that are still to be trained decide its values."""

    def task(self) -> CellTask:
        """The cell as a slot is given it."""
        assert self.id is not None
        declared = LOSSES.describe(self.cell.loss.name)
        per_sample = bool(declared.attributes.get("per_sample", False))
        before = stamp(self.store, self.id)
        return CellTask(
            self.cell,
            self.id,
            self.store,
            self.data,
            self.keep,
            before,
            per_sample,
            code_hash(declared),
            self.cell.loose,
        )


@dataclass(frozen=True)
class AwaitedTrials:
    """What a final cell waits for."""

    final: Final
    trials: tuple[PlannedCell, ...]
    """Those of its contest."""
    candidates: tuple[PlannedCell, ...]
    """By the number of a trial, what the cell is if that one is chosen."""


@dataclass(frozen=True)
class Plan:
    """All cells of the suites that the selection leaves, in the order in which a run takes them."""

    cells: tuple[PlannedCell, ...]
    problems: tuple[str, ...] = ()
    """Files among the records that are none, each with what is wrong."""

    @property
    def states(self) -> Counter[str]:
        """How many cells are done, failed, missing, not fetched."""
        return Counter(planned.state for planned in self.cells)

    @property
    def todo(self) -> list[PlannedCell]:
        """What a run would train at once: each id once, even where two suites share it. It then stands where the first
        of them has it, and is that one's that wants most kept of it, beside what the others want."""
        best: dict[str, PlannedCell] = {}
        for planned in self.cells:
            if planned.todo and planned.id:
                found = best.setdefault(planned.id, planned)
                if found.keep != planned.keep:
                    most = planned if planned.keep.much > found.keep.much else found
                    best[planned.id] = replace(most, keep=planned.keep | found.keep)
        return list(best.values())

    @property
    def waiting(self) -> list[PlannedCell]:
        """What a run would train once the trials that decide its values are over."""
        return [planned for planned in self.cells if planned.waits is not None]

    @property
    def contests(self) -> list[PendingFinals]:
        """The waiting cells as slots are given them, those that one choice is for together."""
        return [contest for contest, _ in self._contests]

    def settled(self) -> Plan:
        """With the cells that waited as they came out, where their trials are over by now."""
        came_out: dict[int, PlannedCell] = {}
        for contest, group in self._contests:
            if contest.finished():
                number = contest.choice()
                came_out |= {id(planned): _candidates(planned)[number] for planned in group}
        return replace(self, cells=tuple(came_out.get(id(planned), planned) for planned in self.cells))

    @cached_property
    def _contests(self) -> list[tuple[PendingFinals, list[PlannedCell]]]:
        """Made before anything is trained: what is over is told by the stamps of records that were there before."""
        trained = {planned.id: planned for planned in self.todo}
        groups: dict[int, list[PlannedCell]] = {}
        for planned in self.waiting:
            assert planned.waits is not None
            groups.setdefault(id(planned.waits.final.contest), []).append(planned)
        return [(_waiting(group, trained), group) for group in groups.values()]

    @property
    def shared(self) -> list[PlannedCell]:
        """Cells to be done whose id another suite's cell in this plan shares: they get its record."""
        trained = {(planned.store, planned.id) for planned in self.todo}
        return [cell for cell in self.cells if cell.todo and cell.id and (cell.store, cell.id) not in trained]

    @property
    def taken_over(self) -> list[PlannedCell]:
        """Finished cells whose record lies in another suite's folder."""
        return [planned for planned in self.cells if planned.source is not None and not planned.todo]

    @property
    def renamed(self) -> list[PlannedCell]:
        """Cells with a record in which their suite has other names for them by now."""
        return [planned for planned in self.cells if planned.renamed and not planned.todo]

    @property
    def not_fetched(self) -> dict[str, str]:
        """The datasets that are not on this machine, each with what to do about it."""
        return {cell.cell.dataset: cell.reason for cell in self.cells if cell.state == "not fetched"}

    @property
    def stale(self) -> list[PlannedCell]:
        """Finished cells that came from other code of their built-in loss."""
        return [planned for planned in self.cells if planned.stale]

    @property
    def without_model(self) -> list[PlannedCell]:
        """Finished cells that kept no model, though their suite asks for it."""
        return [
            planned
            for planned in self.cells
            if planned.state == "done"
            and planned.id
            and not planned.todo
            and not planned.keep.has_model(planned.source or planned.store, planned.id)
        ]

    @property
    def stores(self) -> list[Store]:
        return list(dict.fromkeys(planned.store for planned in self.cells))


def plan(suites: Sequence[Suite], options: RunOptions) -> Plan:
    """Look at the data and the records there are, a record's first line only, but of trials that are over the whole.
    Starts and writes nothing.

    Raises UnknownNameError where the selection names something that no suite has, ConfigError for an encoder
    or a column that could only fail, and for data that a suite has under two names.
    """
    grids = [suite.grid() for suite in suites]
    grid = options.selection.apply(
        SuiteCells(
            [cell for each in grids for cell in each.cells],
            [final for each in grids for final in each.finals],
        )
    )
    named = [*grid.cells, *(final.plain for final in grid.finals)]
    check_encoders(named)
    check_data(grid.cells, options.data_root)
    keep = {suite.name: Keep(suite.store.scores, suite.store.model) for suite in suites}
    check_models([cell for cell in named if keep[cell.suite].model and not cell.is_trial])
    data = KnownData(options.data_root)
    results = options.results.absolute()
    known = {name: KnownRecords(Store(results / name), results) for name in keep}
    planner = _Planner(known, keep, data, options)
    planned = [planner.at(cell) for cell in grid.cells]
    _refuse_equal_data(planned)
    problems = tuple(problem for each in known.values() for problem in each.problems)
    return Plan((*planned, *planner.at_finals(grid.finals, planned)), problems)


def _refuse_equal_data(planned: Iterable[PlannedCell]) -> None:
    """A suite that names the same data in two ways is known only here, by their fingerprints."""
    seen: dict[tuple[str, str | None], str] = {}
    for each in planned:
        cell = each.cell
        earlier = seen.setdefault((cell.suite, each.id), cell.dataset)
        if each.id is not None and earlier != cell.dataset:
            raise ConfigError(
                f"suite {cell.suite!r}: datasets {earlier!r} and {cell.dataset!r} hold the same samples, under one "
                "protocol: the same cells under two names; leave one out"
            )


@dataclass(frozen=True)
class _Planner:
    """What a plan is made from: the records and what is to be kept by suite, the data, the terms."""

    known: Mapping[str, KnownRecords]
    keep: Mapping[str, Keep]
    data: KnownData
    options: RunOptions
    _choices: dict[int, int] = field(default_factory=dict)

    def at(self, cell: Cell) -> PlannedCell:
        """A cell whose values are known."""
        known, options = self.known[cell.suite], self.options
        keep = Keep("none") if cell.is_trial else self.keep[cell.suite]
        try:
            fingerprint = self.data.fingerprint(cell)
        except DatasetNotFoundError as error:
            return PlannedCell(cell, known.store, keep, "", None, "not fetched", str(error))
        identifier = cell_id(cell, fingerprint)
        head, source = known.head(identifier), None
        if head is None or head["status"] == "failed":
            source, found = known.elsewhere(identifier, keep)
            head = found or head
        state: State = "missing" if head is None else "done" if head["status"] == "done" else "failed"
        reason = str(head["error"]["class"]) if head and state == "failed" else ""
        stale = head is not None and state == "done" and _is_stale(cell, head)
        todo = (
            state == "missing"
            or (state == "failed" and options.retries(reason))
            or (state == "done" and (options.rerun == "all" or (options.rerun == "stale" and stale)))
        )
        renamed = head is not None and source is None and not cell.has_names(head["cell"])
        return PlannedCell(
            cell, known.store, keep, fingerprint, identifier, state, reason, source, stale, renamed, todo
        )

    def at_finals(self, finals: Iterable[Final], planned: Iterable[PlannedCell]) -> list[PlannedCell]:
        """The final cells: with the values of the trial that is chosen, or waiting for it."""
        by_cell = {id(each.cell): each for each in planned}
        return [
            self._at_final(final, tuple(by_cell[id(cell)] for cell in final.contest.trials))
            for final in finals
        ]

    def _at_final(self, final: Final, trials: tuple[PlannedCell, ...]) -> PlannedCell:
        if not all(trial.id for trial in trials):
            return self.at(final.plain)
        if any(trial.todo for trial in trials):
            candidates = tuple(self.at(final.cell(number)) for number in range(len(final.contest.anew)))
            return replace(
                candidates[0],
                id=None,
                state="missing",
                reason="",
                source=None,
                stale=False,
                renamed=False,
                todo=True,
                waits=AwaitedTrials(final, trials, candidates),
            )
        contest = id(final.contest)
        if contest not in self._choices:
            self._choices[contest] = chosen_trial(
                (trial_number(trial), trial.source or trial.store, str(trial.id)) for trial in trials
            )
        return self.at(final.cell(self._choices[contest]))


def _waiting(group: Sequence[PlannedCell], trained: Mapping[str | None, PlannedCell]) -> PendingFinals:
    """Cells that wait for one choice; `trained` says where trials are trained that several suites share."""
    first = group[0]
    found = [planned.waits for planned in group if planned.waits is not None]
    trials = []
    for trial in found[0].trials:
        at = trained[trial.id] if trial.todo else trial
        store, identifier = at.source or at.store, str(trial.id)
        before = stamp(store, identifier) if trial.todo else None
        trials.append(PendingTrial(trial_number(trial), identifier, store, before, not trial.todo))
    declared = LOSSES.describe(first.cell.loss.name)
    return PendingFinals(
        finals=tuple(waits.final for waits in found),
        trials=tuple(trials),
        candidates=tuple(
            tuple(
                PossibleFinal(str(each.id), stamp(each.store, str(each.id)), each.todo)
                for each in waits.candidates
            )
            for waits in found
        ),
        store=first.store,
        data=first.data,
        keep=first.keep,
        per_sample=bool(declared.attributes.get("per_sample", False)),
        source_hash=code_hash(declared),
        plugin=first.cell.loose,
    )


def _candidates(planned: PlannedCell) -> tuple[PlannedCell, ...]:
    return () if planned.waits is None else planned.waits.candidates


def trial_number(planned: PlannedCell) -> int:
    """The number of a trial."""
    assert planned.cell.trial is not None
    return planned.cell.trial.number


def _is_stale(cell: Cell, head: Mapping[str, Any]) -> bool:
    """Whether the code of the cell's built-in loss is another than that of the record."""
    declared = LOSSES.describe(cell.loss.name)
    made_by = (head.get("code") or {}).get("loss_source")
    return declared.origin == "built in" and made_by is not None and not is_current(declared, made_by)
