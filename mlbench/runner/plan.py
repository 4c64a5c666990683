"""What a run would do: every cell of some suites, what is known of it, and whether it is to be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mlbench.errors import ConfigError, DatasetNotFoundError
from mlbench.modules import code_hash
from mlbench.records import PRECISIONS, Store
from mlbench.registry import LOSSES
from mlbench.runner.identity import cell_id
from mlbench.runner.known import KnownData, KnownRecords
from mlbench.runner.options import RunOptions
from mlbench.runner.preflight import check_data, check_encoders
from mlbench.runner.work import Work, stamp
from mlbench.suite import Cell, Suite

State = Literal["done", "failed", "missing", "not fetched"]


@dataclass(frozen=True)
class PlannedCell:
    """A cell and what is known of it.

    id: None where the data are not there. reason: the class of a failure, or what to do about missing data.
    source: the other suite's store that holds its finished record. stale: finished by a built-in loss whose
    code is another now. renamed: whether the suite has other names for it than its own record. todo: whether
    a run would train it.
    """

    cell: Cell
    store: Store
    scores: str
    data: str
    id: str | None
    state: State
    reason: str = ""
    source: Store | None = None
    stale: bool = False
    renamed: bool = False
    todo: bool = False

    def work(self) -> Work:
        """The cell as a slot is given it."""
        assert self.id is not None
        declared = LOSSES.describe(self.cell.loss.name)
        per_sample = bool(declared.attributes.get("per_sample", False))
        before = stamp(self.store, self.id)
        return Work(
            self.cell, self.id, self.store, self.data, self.scores, before, per_sample, code_hash(declared)
        )


@dataclass(frozen=True)
class Plan:
    """All cells of the suites that the selection leaves, in the order in which a run takes them."""

    cells: tuple[PlannedCell, ...]

    @property
    def states(self) -> Counter[str]:
        """How many cells are done, failed, missing, not fetched."""
        return Counter(planned.state for planned in self.cells)

    @property
    def todo(self) -> list[PlannedCell]:
        """What a run would train: each id once, even where two suites share it. It then stands where the first of
        them has it, and is that one's that wants its scores kept most precisely."""
        chosen: dict[str | None, PlannedCell] = {}
        for planned in self.cells:
            if planned.todo and _precision(planned) > _precision(chosen.get(planned.id)):
                chosen[planned.id] = planned
        return list(chosen.values())

    @property
    def shared(self) -> list[PlannedCell]:
        """Cells to be done whose id another suite's cell in this plan shares: they get its record."""
        trained = {(planned.store, planned.id) for planned in self.todo}
        return [cell for cell in self.cells if cell.todo and (cell.store, cell.id) not in trained]

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
    def stores(self) -> list[Store]:
        return list(dict.fromkeys(planned.store for planned in self.cells))


def plan(suites: Sequence[Suite], options: RunOptions) -> Plan:
    """Look at the data and the records there are, a record's first line only. Starts and writes nothing.

    Raises UnknownNameError where the selection names something that no suite has, ConfigError for an encoder
    or a column that could only fail, and for data that a suite has under two names.
    """
    cells = options.selection.apply(cell for suite in suites for cell in suite.cells())
    check_encoders(cells)
    check_data(cells, options.data_root)
    scores = {suite.name: suite.store.scores for suite in suites}
    data = KnownData(options.data_root)
    results = options.results.absolute()
    known = {name: KnownRecords(Store(results / name), results) for name in scores}
    planned = [_planned(cell, known[cell.suite], scores[cell.suite], data, options) for cell in cells]
    _refuse_equal_data(planned)
    return Plan(tuple(planned))


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


def _planned(
    cell: Cell, known: KnownRecords, scores: str, data: KnownData, options: RunOptions
) -> PlannedCell:
    try:
        fingerprint = data.fingerprint(cell)
    except DatasetNotFoundError as error:
        return PlannedCell(cell, known.store, scores, "", None, "not fetched", str(error))
    identifier = cell_id(cell, fingerprint)
    head, source = known.head(identifier), None
    if head is None or head["status"] == "failed":
        source, found = known.elsewhere(identifier, scores)
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
        cell, known.store, scores, fingerprint, identifier, state, reason, source, stale, renamed, todo
    )


def _precision(planned: PlannedCell | None) -> int:
    """How precisely a cell's scores are to be kept; of none, less than any."""
    return -1 if planned is None else PRECISIONS.index(planned.scores)


def _is_stale(cell: Cell, head: Mapping[str, Any]) -> bool:
    """Whether the code of the cell's built-in loss is another than that of the record."""
    declared = LOSSES.describe(cell.loss.name)
    made_by = (head.get("code") or {}).get("loss_source")
    return declared.origin == "built in" and made_by is not None and made_by != code_hash(declared)
