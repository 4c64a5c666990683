"""A suite that keeps models is refused before training where an encoder has none to keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.errors import ConfigError
from mlbench.registry import ENCODERS, load_plugins
from mlbench.runner.options import RunOptions
from mlbench.runner.planning.checks import check_models
from mlbench.runner.planning.plan import plan
from mlbench.suite import Cell, parse_suite

MUTE = '''
from mlbench.models.base import Encoder, register_encoder

@register_encoder("mute")
class Mute(Encoder):
    """Says nothing of how it prepares samples."""

    modalities = {"text"}
'''
SUITE = """
name = "s"
seeds = [0]
fractions = [1.0]
losses = ["bce"]
[store]
model = true
[[datasets]]
name = "synthetic-topics"
encoder = "{encoder}"
"""


def cells(encoder: str) -> list[Cell]:
    suite = parse_suite(SUITE.format(encoder=encoder), "s.toml")
    assert suite.store.model
    return suite.cells()


def test_an_encoder_that_says_nothing_of_its_samples(tmp_path: Path) -> None:
    (tmp_path / "mute.py").write_text(MUTE)
    load_plugins([tmp_path / "mute.py"])
    with pytest.raises(ConfigError, match=r"suite 's', store\.model = true: encoder 'mute' .*mute\.py"):
        check_models(cells("mute"))


TUNED = """
name = "s"
seeds = [0, 1, 2]
losses = ["bce"]
[store]
model = true
[tuning]
trials = 2
[[datasets]]
name = "synthetic-topics"
encoder = "{finals}"
tuned_with = {{ encoder = "{trials}" }}
"""


def test_the_finals_keep_models_and_their_trials_do_not(tmp_path: Path) -> None:
    (tmp_path / "mute.py").write_text(MUTE)
    load_plugins([tmp_path / "mute.py"])

    def planned(trials: str, finals: str) -> None:
        suite = parse_suite(TUNED.format(trials=trials, finals=finals), "s.toml")
        plan([suite], RunOptions(results=tmp_path))

    planned("mute", "bag")
    with pytest.raises(ConfigError, match=r"store\.model = true: encoder 'mute'"):
        planned("bag", "mute")


def test_an_encoder_of_trials_alone_must_read_the_data_too(tmp_path: Path) -> None:
    suite = parse_suite(TUNED.format(trials="features", finals="bag"), "s.toml")
    with pytest.raises(ConfigError, match="features"):
        plan([suite], RunOptions(results=tmp_path))
    suite = parse_suite(TUNED.format(trials="bag", finals="features"), "s.toml")
    with pytest.raises(ConfigError, match="features"):
        plan([suite], RunOptions(results=tmp_path))


def test_every_encoder_of_ours_exports() -> None:
    for name in ENCODERS.names():
        assert ENCODERS.describe(name).attributes.get("exports") is True
    check_models(cells("bag"))


def test_keeping_models_is_no_part_of_a_cell() -> None:
    [kept], [plain] = (
        cells("bag"),
        parse_suite(SUITE.format(encoder="bag").replace("true", "false"), "s").cells(),
    )
    assert kept.id("data") == plain.id("data")
