"""What could only fail is refused before anything is trained: exit code 2, and not a record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_commands import mlbench

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
DIGITS, TOPICS = 'name = "digit-scenes"', 'name = "synthetic-topics"'
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
    "an augmentation of text": (TOPICS, '"bag"', 'augmentation = "flip"', "encoder 'bag' augments nothing"),
    "no such preset": (DIGITS, '"conv"', 'preset = "kmcll"', "unknown preset 'kmcll'; did you mean 'kmcl'"),
}


@pytest.mark.parametrize("case", CASES)
def test_is_refused_before_training(case: str, tmp_path: Path) -> None:
    dataset, encoder, train, message = CASES[case]
    (tmp_path / "wrong.toml").write_text(SUITE.format(dataset=dataset, encoder=encoder, train=train))
    (tmp_path / "mine.csv").write_text("body,labels\nsome text,a;b\n")
    for command in ("plan", "run"):
        refused = mlbench(command, "wrong.toml", cwd=tmp_path, code=2)
        assert message in " ".join(refused.stderr.split())
    assert not (tmp_path / "results").exists()
