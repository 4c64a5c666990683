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


SMALL = 6.5
"""Points: the size of names beside marks."""
_BESIDE = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
"""Where a name may stand, right of its mark first."""


def beside(places: Sequence[tuple[float, float]], labels: Sequence[str]) -> list[tuple[int, int]]:
    """Of marks at `places`, in inches, on which side the name of each stands so that it hides no mark and no name
    before it: −1, 0 or 1 across and up. Right of the mark where it cannot be helped."""
    taken = [(x - 0.05, x + 0.05, y - 0.05, y + 0.05) for x, y in places]
    sides = []
    for place, label in zip(places, labels, strict=True):
        boxes = [_box(place, side, label) for side in _BESIDE]
        free = [not any(_meet(box, other) for other in taken) for box in boxes]
        chosen = free.index(True) if any(free) else 0
        taken.append(boxes[chosen])
        sides.append(_BESIDE[chosen])
    return sides


def _box(place: tuple[float, float], side: tuple[int, int], label: str) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a name, in inches."""
    wide, tall = 0.009 * SMALL * len(label), 0.014 * SMALL
    (x, y), (across, up) = place, side
    left = x + 0.06 if across > 0 else x - 0.06 - wide if across < 0 else x - wide / 2
    bottom = y - tall / 2 + 0.11 * up
    return left, left + wide, bottom, bottom + tall


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
