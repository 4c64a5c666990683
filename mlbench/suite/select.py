"""Which cells of a suite a command is about: `--loss`, `--dataset`, `--fraction`, `--seed`."""

from __future__ import annotations

from dataclasses import dataclass

from mlbench.errors import UnknownNameError
from mlbench.registry import OWN_FILE
from mlbench.suite.cell import Cell
from mlbench.suite.tuning.finals import SuiteCells


@dataclass(frozen=True)
class Selection:
    """An empty field selects everything."""

    losses: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    fractions: tuple[float, ...] = ()
    seeds: tuple[int, ...] = ()

    def apply(self, grid: SuiteCells) -> SuiteCells:
        """What is selected, in its order, and with a final cell the trials that decide its values.

        Raises UnknownNameError for a name that selects none.
        """
        known = [*grid.cells, *(final.plain for final in grid.finals)]
        for kind, wanted, names, remedy in (
            ("loss of this suite", self.losses, {cell.loss.id for cell in known}, OWN_FILE),
            ("dataset of this suite", self.datasets, {cell.dataset for cell in known}, ""),
            ("fraction of this suite", self.fractions, {cell.fraction for cell in known}, ""),
            ("seed of this suite", self.seeds, {cell.seed for cell in known}, ""),
        ):
            for name in wanted:
                if known and name not in names:
                    raise UnknownNameError(kind, f"{name}", [f"{item}" for item in names], remedy=remedy)
        finals = [final for final in grid.finals if self._holds(final.plain)]
        needed = {id(cell) for final in finals for cell in final.contest.trials}
        return SuiteCells([cell for cell in grid.cells if id(cell) in needed or self._holds(cell)], finals)

    def _holds(self, cell: Cell) -> bool:
        return (
            (not self.losses or cell.loss.id in self.losses)
            and (not self.datasets or cell.dataset in self.datasets)
            and (not self.fractions or cell.fraction in self.fractions)
            and (not self.seeds or cell.seed in self.seeds)
        )
