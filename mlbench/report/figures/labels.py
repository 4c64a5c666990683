"""Names cut so that they fit a figure: names that differ stay different."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence

LENGTH = 22
"""So many letters fit beside an axis or in a legend."""


def shorten(names: Iterable[str], length: int = LENGTH) -> dict[str, str]:
    """A label of at most `length` letters for each name, no two alike.

    A long name loses its middle; names that would then read the same show where they begin to differ, and
    are numbered where even that is not enough.
    """
    names = list(dict.fromkeys(names))
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[name if len(name) <= length else _without_middle(name, length)].append(name)
    labels = {group[0]: label for label, group in alike.items() if len(group) == 1}
    for group in alike.values():
        if len(group) > 1:
            start = len(os.path.commonprefix(group))  # noqa: RUF071 - letters are wanted
            for name in group:
                labels[name] = _free(_about(name, start, length), set(labels.values()))
    return {name: labels[name] for name in names}


def room_for(labels: Sequence[str]) -> float:
    """Inches that the longest of the labels takes at the size of tick labels."""
    return 0.2 + 0.073 * max(map(len, labels), default=0)


def _without_middle(name: str, length: int) -> str:
    keep = (length - 1) // 2
    return f"{name[:keep]}…{name[-keep:]}"


def _about(name: str, start: int, length: int) -> str:
    """The first letters of a name and those about the place `start`."""
    head = length // 3
    middle = name[max(start - 3, head) :]
    room = length - head - 1
    return f"{name[:head]}…{middle if len(middle) <= room else middle[: room - 1] + '…'}"


def _free(label: str, taken: set[str]) -> str:
    """The label, numbered where it is taken."""
    number, free = 1, label
    while free in taken:
        number += 1
        mark = f"…{number}"
        free = label[: -len(mark)] + mark
    return free
