"""What divides the labels that stand in one string: found from the cells, or in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from mlbench.datasets.files.writing_of_labels import SEPARATORS

TRIED = (*SEPARATORS, "\n")
"""A name has no line break in it, so what stands on several lines is several."""
REPEATED = 3.0
"""A label stands in so many cells on average: parts of sentences do not."""
LONGEST = 5.0
"""Words of a label's name, the median."""
OCCURS = 0.02
"""The share of cells that a separator is in at least: below it may be part of a name."""


@dataclass(frozen=True)
class Division:
    """A separator and what comes of it: how many unlike labels, and how many a cell has."""

    separator: str
    labels: int
    a_cell: float

    @property
    def single(self) -> bool:
        """Whether every cell is one label."""
        return self.a_cell == 1.0


def divisions(cells: Sequence[str], *, spaces: bool = False) -> list[Division]:
    """The separators that divide cells into names which come again and again, the one with fewest names first: a wrong
    one cuts names apart or leaves several in one. With `spaces` a blank is tried as well, where nothing else divides.

    Where no separator occurs and the cells themselves come again and again, each is one label: any separator that is
    in none will do; but where words of one such cell stand alone in others, blanks are in doubt too. Empty for texts
    and ids.
    """
    there = [mark for mark in TRIED if any(mark in cell for cell in cells)]
    found = [each for mark in there if (each := _divide(cells, mark))]
    if not there and (spaces or _words_stand_alone(cells)) and any(" " in cell for cell in cells):
        found = [each for each in [_divide(cells, " ")] if each]
    if not there and (single := _judged(list(cells), SEPARATORS[0], len(cells))):
        found.append(single)
    return sorted(found, key=lambda division: division.labels)


def _words_stand_alone(cells: Sequence[str]) -> bool:
    """Whether a cell of several words has one that is a cell itself, as `#late #bill` beside `#bill`."""
    whole = set(cells)
    return any(word in whole for cell in whole if " " in cell for word in cell.split())


def in_doubt(found: Sequence[Division]) -> bool:
    """Whether a second separator divides nearly as well."""
    return len(found) > 1 and found[1].labels <= 1.2 * found[0].labels


def _divide(cells: Sequence[str], mark: str) -> Division | None:
    parts = [part.strip() for cell in cells for part in cell.split(mark) if part.strip()]
    occurs = sum(mark in cell for cell in cells) / len(cells)
    return None if occurs < OCCURS else _judged(parts, mark, len(cells))


def _judged(parts: Sequence[str], mark: str, cells: int) -> Division | None:
    labels = len(set(parts))
    names = parts and median(len(part.split()) for part in parts) <= LONGEST
    if not names or labels < 2 or len(parts) < REPEATED * labels:
        return None
    return Division(mark, labels, len(parts) / cells)
