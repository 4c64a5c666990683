"""Where `min_steps` makes more epochs than a suite asks for it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.runner.planning.epochs import raised_epochs
from mlbench.suite import parse_suite
from tests.cli.test_commands import mlbench

SUITE = """
name = "few"
seeds = [0, 1]
fractions = [0.1, 1.0, 64]
losses = ["bce", "asl"]
train = {{ epochs = 2, min_steps = {steps}, batch_size = 100 }}

[[datasets]]
name = "synthetic-topics"
encoder = "bag"

[[datasets]]
name = "mine"
path = "mine.csv"
text = "body"
encoder = "bag"
"""


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (0, []),
        (2, []),
        (
            # 4,000 rows: 4 updates an epoch at 0.1, 40 at 1.0; one of 64 rows.
            10,
            [
                "epochs: 2 are asked for; min_steps = 10 makes 3 of synthetic-topics at 0.1, "
                "10 of synthetic-topics at 64, more of mine at 0.1 if these are at most 400 rows, "
                "more of mine at 1 if these are at most 400 rows, 10 of mine at 64"
            ],
        ),
    ],
)
def test_it_is_said_where_min_steps_wins(steps: int, said: list[str]) -> None:
    assert raised_epochs(parse_suite(SUITE.format(steps=steps), "few.toml").cells()) == said


def test_plan_and_run_say_it(tmp_path: Path) -> None:
    train = "epochs = 1, min_steps = 2, probe_steps = 1, evaluations = 1"
    (tmp_path / "few.toml").write_text(
        f'name = "few"\nseeds = [0]\nfractions = [32]\nlosses = ["bce"]\ntrain = {{ {train} }}\n'
        '[[datasets]]\nname = "synthetic-features"\nsamples = 300\nlabels = 9\nencoder = "features"\n'
    )
    for command in (("plan", "few.toml"), ("run", "few.toml", "--jobs", "1", "--device", "cpu")):
        done = mlbench(*command, cwd=tmp_path)
        said = "epochs: 1 are asked for; min_steps = 2 makes 2 of synthetic-features at 32"
        assert said in done.stdout + done.stderr


def test_trials_and_finals_of_other_lengths_are_both_named() -> None:
    text = """
name = "few"
seeds = [0, 1, 2]
fractions = [0.1]
losses = ["bce"]
train = { epochs = 2, min_steps = 10, batch_size = 100 }
[tuning]
trials = 2
[[datasets]]
name = "synthetic-topics"
encoder = "bag"
tuned_with = { encoder = "bag", train = { epochs = 1, min_steps = 20, batch_size = 100 } }
"""
    grid = parse_suite(text, "few.toml").grid()
    assert raised_epochs([*grid.cells, *(final.plain for final in grid.finals)]) == [
        "epochs: 1 are asked for; min_steps = 20 makes 5 of synthetic-topics at 0.1",
        "epochs: 2 are asked for; min_steps = 10 makes 3 of synthetic-topics at 0.1",
    ]
