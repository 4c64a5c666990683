"""What could only fail is refused before anything is trained: exit code 2, and not a record."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from mlbench.errors import ConfigError
from mlbench.registry import load_plugins
from mlbench.runner.planning.checks import check_losses
from mlbench.suite import LossChoice, parse_suite
from tests.cli.test_commands import mlbench
from tests.test_replies import loud as loud

SUITE = """
name = "wrong"
seeds = [0]
fractions = [1.0]
losses = ["bce"]
train = {{ {train} }}

[[datasets]]
{dataset}
encoder = {encoder}
"""
DIGITS, TOPICS = 'name = "digit-scenes"\nsamples = 100', 'name = "synthetic-topics"'
CASES = {
    "a text encoder on images": (DIGITS, '"bag"', "", "it holds image, but encoder 'bag' reads text"),
    "an image encoder on text": (TOPICS, '"timm:resnet18"', "", "encoder 'timm:resnet18' reads image"),
    "an image encoder on a column of text": (
        'name = "mine"\npath = "mine.csv"\ntext = "body"',
        '"conv"',
        "",
        "holds text, but encoder 'conv' reads image",
    ),
    "no such encoder": (DIGITS, '"covn"', "", "unknown encoder 'covn'; did you mean 'conv'"),
    "no such model": (
        DIGITS,
        '"timm:resnet81"',
        "",
        "'timm:resnet81': no such model; did you mean 'resnet18'",
    ),
    "smaller than a patch": (
        DIGITS,
        '{ name = "timm:vit_tiny_patch16_224", size = 8 }',
        "",
        "images of 8 × 8 pixels are smaller than its patches of 16 × 16",
    ),
    "no such folder of a text model": (
        TOPICS,
        '"hf:./models/bert"',
        "",
        "encoder 'hf:./models/bert': no such folder; did you mean 'bert-tiny'",
    ),
    "a folder without weights that may be loaded": (
        TOPICS,
        '"hf:./models/bert-tiny"',
        "",
        "holds no safetensors file; convert its weights",
    ),
    "views that nothing makes differ": (
        TOPICS,
        '"bag"',
        "views = 2",
        "train.views: encoder 'bag' has no dropout",
    ),
    "a probe by a loss that compares rows": (
        DIGITS,
        '"conv"',
        'probe_loss = "supcon"',
        "train.probe_loss: 'supcon' cannot train the probe",
    ),
    "an augmentation of text": (TOPICS, '"bag"', 'augmentation = "flip"', "encoder 'bag' augments nothing"),
    "a column that the table lacks": (
        'name = "mine"\npath = "mine.csv"\ntext = "bdy"\nseparator = ";"',
        '"bag"',
        "",
        "suite 'wrong', dataset 'mine': mine.csv: there is no column 'bdy'; did you mean 'body'",
    ),
    "no such preset": (DIGITS, '"conv"', 'preset = "kmcll"', "unknown preset 'kmcll'; did you mean 'kmcl'"),
}


@pytest.mark.parametrize("case", CASES)
def test_is_refused_before_training(case: str, tmp_path: Path) -> None:
    dataset, encoder, train, message = CASES[case]
    (tmp_path / "wrong.toml").write_text(SUITE.format(dataset=dataset, encoder=encoder, train=train))
    (tmp_path / "mine.csv").write_text("body,labels\nsome text,a;b\n")
    (tmp_path / "models" / "bert-tiny").mkdir(parents=True)
    (tmp_path / "models" / "bert-tiny" / "config.json").write_text("{}")
    for command in ("plan", "run"):
        refused = mlbench(command, "wrong.toml", cwd=tmp_path, code=2)
        assert message in " ".join(refused.stderr.split())
    assert not (tmp_path / "results").exists()


LOSSES = {
    "a parameter out of range": ("gamma_neg = -1", "gamma_neg must be a finite number"),
    "a parameter in range": ("gamma_neg = 1", ""),
}


@pytest.mark.parametrize("case", LOSSES)
def test_a_loss_that_cannot_be_built_is_refused_by_run(case: str, tmp_path: Path) -> None:
    """`plan` takes it: building a loss loads torch."""
    parameter, message = LOSSES[case]
    suite = SUITE.format(dataset=DIGITS, encoder='"conv"', train="epochs = 1, min_steps = 1, probe_steps = 1")
    suite = suite.replace('["bce"]', f'[{{ name = "asl", id = "asl-odd", {parameter} }}]')
    (tmp_path / "odd.toml").write_text(suite)
    done = mlbench("run", "odd.toml", "--device", "cpu", cwd=tmp_path, code=2 if message else 0)
    assert not message or f"suite 'wrong', losses, 'asl-odd': {message}" in done.stderr
    assert (tmp_path / "results").exists() == (not message)


@pytest.mark.parametrize("margin", [-1, 1])
def test_what_a_plugin_prints_is_no_reply(margin: int, loud: Path) -> None:
    suite = parse_suite(SUITE.format(dataset=DIGITS, encoder='"conv"', train="epochs = 1"), "odd.toml")
    choice = LossChoice("loud", "loud", {"margin": float(margin)})
    cells = [replace(cell, loss=choice) for cell in suite.cells()]
    load_plugins([loud])
    with pytest.raises(ConfigError, match="must not be negative") if margin < 0 else nullcontext():
        check_losses(cells, [loud])


def test_a_precision_that_the_device_lacks_is_refused_by_run(tmp_path: Path) -> None:
    """`plan` takes it: the suite may be meant for another machine."""
    suite = SUITE.format(dataset=DIGITS, encoder='"conv"', train='precision = "fp16"')
    (tmp_path / "half.toml").write_text(suite)
    mlbench("plan", "half.toml", cwd=tmp_path, code=0)
    refused = mlbench("run", "half.toml", "--device", "cpu", cwd=tmp_path, code=2)
    said = " ".join(refused.stderr.split())
    assert "train.precision = 'fp16': it needs a CUDA device, and --device cpu means the CPU here" in said
    assert not (tmp_path / "results").exists()
