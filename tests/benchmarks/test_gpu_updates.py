"""How often the host waits for the GPU in one update of a training: no more often than in the loop by hand.

    pytest tests/benchmarks -s -m gpu

The looks at the loss that go by the clock are put off: how many there are hangs on how fast the machine is.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlbench.training import log
from tests.benchmarks.device import sized
from tests.benchmarks.figures import Figures
from tests.benchmarks.gpu_cases import CASES, IMAGES, Race
from tests.benchmarks.waits import waits_of
from tests.benchmarks.window import WaitsSeen, second_epoch

pytestmark = [pytest.mark.gpu, pytest.mark.slow]

UPDATES: list[Any] = [
    *((name, {"precision": precision}) for name in CASES for precision in ("float32", "bf16")),
    *sized([(name, {"precision": "fp16"}) for name in CASES], []),
    (IMAGES, {"ema": 0.999, "clip_norm": 1.0}),
    (IMAGES, {"augmentation": "crop"}),
    (IMAGES, {"augmentation": "cutout+randaugment"}),
]
"""What an update may be made of: a case, and what its protocol says beside."""


@pytest.mark.parametrize("update", UPDATES, ids=str)
def test_waits_of_an_update(
    update: tuple[str, dict[str, Any]],
    bert: Path,
    cache: Path,
    figures: Figures,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From epochs of two lengths, so that what is looked at once an epoch does not count."""
    monkeypatch.setattr(log, "READ_SECONDS", math.inf)
    name, changes = update
    case, precision = CASES[name], changes.get("precision", "float32")
    few, many = 4 * case.batch_size, 12 * case.batch_size
    counts: dict[int, int | None] = {}
    by_hand: dict[int, int | None] = {}
    for rows in (few, many):
        parameters = {**case.parameters, "samples": 2 * many}
        race = Race(replace(case, fraction=rows, parameters=parameters), precision, bert, cache)
        waits = WaitsSeen()
        parts = race.ours(on_progress=second_epoch(waits), **changes)
        assert parts["history"]["steps"] == 3 * rows // case.batch_size
        counts[rows], places = waits.count, waits.places
        by_hand[rows] = waits_of(lambda: race.by_hand(epochs=1))  # noqa: B023
    ours, theirs = slope(counts, case.batch_size), slope(by_hand, case.batch_size)
    what = ", ".join(f"{key} {value}" for key, value in changes.items())
    often = [place for place, times in (places or {}).items() if times >= many // case.batch_size]
    part = {"network": name, "with": what, "ours": ours, "by hand": theirs, "where": "; ".join(often)}
    figures.add("waits of the host in each update", **part)
    assert ours is None or theirs is None or ours <= theirs


def slope(counts: dict[int, int | None], batch: int) -> float | None:
    (few, less), (many, more) = sorted(counts.items())
    return None if less is None or more is None else (more - less) * batch / (many - few)
