"""Which cells of a suite a command is about: `--loss`, `--dataset`, `--fraction`, `--seed`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlbench.errors import UnknownNameError
from mlbench.registry import OWN_FILE
from mlbench.suite.cell import Cell


@dataclass(frozen=True)
class Selection:
    """An empty field selects everything."""

    losses: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    fractions: tuple[float, ...] = ()
    seeds: tuple[int, ...] = ()

    def apply(self, cells: Iterable[Cell]) -> list[Cell]:
        """The selected cells, in their order; raises UnknownNameError for a name that selects none."""
        cells = list(cells)
        chosen = []
        for kind, wanted, known, remedy in (
            ("loss of this suite", self.losses, {cell.loss.id for cell in cells}, OWN_FILE),
            ("dataset of this suite", self.datasets, {cell.dataset for cell in cells}, ""),
            ("fraction of this suite", self.fractions, {cell.fraction for cell in cells}, ""),
            ("seed of this suite", self.seeds, {cell.seed for cell in cells}, ""),
        ):
            for name in wanted:
                if cells and name not in known:
                    raise UnknownNameError(kind, f"{name}", [f"{item}" for item in known], remedy=remedy)
        for cell in cells:
            if (
                (not self.losses or cell.loss.id in self.losses)
                and (not self.datasets or cell.dataset in self.datasets)
                and (not self.fractions or cell.fraction in self.fractions)
                and (not self.seeds or cell.seed in self.seeds)
            ):
                chosen.append(cell)
        return chosen
