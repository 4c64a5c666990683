"""Training real encoders on a GPU, against a loop by hand, timm's own loop and the Hugging Face Trainer.

    pytest tests/benchmarks -s -m gpu

mlbench and the loop by hand start from the same weights, and before they are raced the mean loss of their first epoch
must be the same to 5 % (the order of the rows and the draws of dropout differ). All run without deterministic kernels
but for the figure that says otherwise; two such trainings must have the same history to the last bit, if their records
say that they were deterministic.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.benchmarks.bare_loops import Trained
from tests.benchmarks.device import ON_GPU, peak_bytes, sized
from tests.benchmarks.figures import Figures
from tests.benchmarks.gpu_cases import CASES, Race
from tests.benchmarks.window import Busy, second_epoch

pytestmark = [pytest.mark.gpu, pytest.mark.slow]

TURNS = sized(2, 1)
GIB = 2**30


@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("name", CASES)
def test_throughput(
    name: str, precision: str, bert: Path, cache: Path, tmp_path: Path, figures: Figures
) -> None:
    race = Race(CASES[name], precision, bert, cache)
    busy, hand = Busy(), list[Trained]()
    first = race.ours(on_progress=second_epoch(busy))
    peak = peak_bytes(lambda: hand.append(race.by_hand()))
    assert first["history"]["epochs"][0]["loss"] == pytest.approx(hand[0].losses[0], rel=0.05)
    race.by_others(tmp_path)
    turns = [(race.ours(), race.by_hand().samples_per_second, race.by_others(tmp_path)) for _ in range(TURNS)]
    ours = [parts["timing"]["samples_per_second"] for parts, _, _ in turns]
    by_hand, by_others = [rate for _, rate, _ in turns], [rate for _, _, rate in turns]
    fixed, again = race.ours(deterministic=True), race.ours(deterministic=True)
    same = fixed["history"]["epochs"] == again["history"]["epochs"]
    assert same or not fixed["deterministic"]
    used = first["memory"]["device_peak"]
    assert not ON_GPU or used > 0
    figures.add(
        "training",
        network=name,
        precision=precision,
        batch=race.case.batch_size,
        **{
            "samples a second": statistics.median(ours),
            "by hand": statistics.median(by_hand),
            "share of it": statistics.median(a / b for a, b in zip(ours, by_hand, strict=True)),
            "timm's loop or the Trainer": statistics.median(by_others),
            "times that": statistics.median(a / b for a, b in zip(ours, by_others, strict=True)),
            "deterministic, samples a second": fixed["timing"]["samples_per_second"],
            "twice the same": same,
            "device busy": busy.share,
            "GiB": None if used is None else used / GIB,
            "by hand, GiB": None if peak is None else peak / GIB,
        },
    )
